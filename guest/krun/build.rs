//! Gives the library the name that libkrun's users know.

fn main() {
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libkrun.so.1");
}
