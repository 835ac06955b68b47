# shellcheck shell=bash
# Root file systems below $work, made of Debian packages and of the files beside this script. Each becomes layers.
triplet=x86_64-linux-gnu

from() { # from FOLDER NAME: the file of that name in an unpacked package, wherever its release has it
  local found
  found=$(find "$1" -name "$2" | sort | head -1)
  [ -n "$found" ] || die "no $2 in $1"
  echo "$found"
}

rootfs_busybox() {
  local root=$work/busybox packages=$work/busybox-packages library applet name
  for name in busybox libc6; do unpack $name "$packages"; done
  mkdir -p "$root"/{bin,sbin,etc,root,tmp,dev,proc,sys,run,mnt,home,lib/$triplet,lib64,usr/{bin,sbin},var/{log,lib,spool}}
  ln -s /run "$root/var/run"
  chmod 1777 "$root/tmp"
  chmod 700 "$root/root"
  # The dynamic build: busybox-static runs applets without exec, so a masked /bin/ls would still run
  cp -a "$(from "$packages" busybox)" "$root/bin/busybox"
  for library in libc.so.6 libresolv.so.2 libm.so.6 libnss_dns.so.2 libnss_files.so.2; do
    cp -aL "$(from "$packages" $library)" "$root/lib/$triplet/"
  done
  cp -aL "$(from "$packages" ld-linux-x86-64.so.2)" "$root/lib64/ld-linux-x86-64.so.2"
  # Hard links: a mount over a symbolic link would hit busybox itself
  chroot "$root" /bin/busybox --list | while read -r applet; do
    [ "$applet" = busybox ] || ln -f "$root/bin/busybox" "$root/bin/$applet"
  done
  for name in pgrep ipcs; do install -m 755 "$files/$name" "$root/bin/$name"; done
  for name in passwd group nsswitch.conf; do install -m 644 "$files/$name" "$root/etc/$name"; done
  layer busybox "$root"
}

rootfs_nginx() {
  local root=$work/nginx packages=$work/nginx-packages library name
  for name in "${nginx_packages[@]}"; do unpack "$name" "$packages"; done
  mkdir -p "$root"/{usr/sbin,usr/lib/$triplet,lib/$triplet,etc/nginx,usr/share/nginx/html,var/log/nginx,run}
  mkdir -p "$root"/var/lib/nginx/{body,proxy,fastcgi,uwsgi,scgi}
  cp -a "$packages/usr/sbin/nginx" "$root/usr/sbin/"
  for library in libssl.so.3 libcrypto.so.3 libpcre2-8.so.0 libcrypt.so.1 libz.so.1; do
    cp -L "$(from "$packages" $library)" "$root/lib/$triplet/"
  done
  echo '<html><title>Welcome to nginx!</title></html>' >"$root/usr/share/nginx/html/index.html"
  ln -s /dev/stdout "$root/var/log/nginx/access.log"
  ln -s /dev/stderr "$root/var/log/nginx/error.log"
  install -m 644 "$files/nginx.conf" "$root/etc/nginx/nginx.conf"
  layer nginx "$root"
  # the same on the port that critest's host network test asks
  mkdir -p "$work/hostnet/etc/nginx"
  sed 's/listen 80;/listen 12003;/' "$files/nginx.conf" >"$work/hostnet/etc/nginx/nginx.conf"
  layer hostnet "$work/hostnet"
}

rootfs_httpd() {
  mkdir -p "$work/httpd/usr/local/apache2/htdocs"
  echo '<html><body><h1>It works!</h1></body></html>' >"$work/httpd/usr/local/apache2/htdocs/index.html"
  layer httpd "$work/httpd"
}

rootfs_program() { # rootfs_program NAME MODE: one static program, /NAME, from NAME.c
  mkdir "$work/$1"
  gcc -Os -static -s -o "$work/$1/$1" "$files/$1.c"
  chmod "$2" "$work/$1/$1"
  layer "$1" "$work/$1"
}

rootfs_group() { # on top of busybox: a user that the image puts into a group of its own
  local root=$work/group
  mkdir -p "$root/etc" "$root/home/default-user"
  chown 1000:1000 "$root/home/default-user"
  { cat "$files/passwd"; echo 'default-user:x:1000:1000:Linux User,,,:/home/default-user:/bin/sh'; } >"$root/etc/passwd"
  { cat "$files/group"; echo 'default-user:x:1000:'; echo 'group-defined-in-image:x:50000:default-user'; } >"$root/etc/group"
  layer group "$root"
}

rootfs_bench() { # nine layers of real files of all sizes
  local name
  for name in "${bench_packages[@]}"; do
    unpack "$name" "$work/bench"
    layer "bench-${name%%|*}" "$work/bench"
    rm -r "$work/bench"
  done
}
