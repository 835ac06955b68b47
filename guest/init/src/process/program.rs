//! Executing a program, with everything made ready before: nothing is allocated and no other system call made on the way.

use std::ffi::CString;
use std::ptr;

use nix::errno::Errno;

use crate::error::{Error, Result};
use crate::sys;

const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// execvpe: a name with a slash is a path, any other is looked for in the new environment's PATH.
pub struct Program {
    name: String,
    candidates: Vec<CString>,
    args: Vec<CString>,
    env: Vec<CString>,
}

impl Program {
    pub fn new(args: &[String], env: &[String]) -> Result<Self> {
        let Some(name) = args.first() else {
            return Err(Error::invalid("there is nothing to run"));
        };
        let strings = |list: &[String]| list.iter().map(|text| sys::cstring(text)).collect::<Result<Vec<CString>>>();
        Ok(Self {
            name: name.clone(),
            candidates: strings(&candidates(name, env))?,
            args: strings(args)?,
            env: strings(env)?,
        })
    }

    /// Becomes the program; `last` is done right before. Returns only if it fails.
    pub fn execute(self, last: impl FnOnce() -> Result<()>) -> Error {
        let (args, env) = (pointers(&self.args), pointers(&self.env));
        if let Err(error) = last() {
            return error;
        }
        let mut failure = Errno::ENOENT;
        for candidate in &self.candidates {
            // SAFETY: all strings are NUL-terminated, both lists end with NULL, and self outlives the call.
            unsafe { libc::execve(candidate.as_ptr(), args.as_ptr(), env.as_ptr()) };
            let error = Errno::last();
            // what is there but may not be run says more than what is not there
            if error != Errno::ENOENT && error != Errno::ENOTDIR {
                failure = error;
            }
        }
        Error::invalid(format!("exec {:?}: {}", self.name, failure.desc()))
    }
}

/// What execve takes: pointers into the list, then NULL.
fn pointers(list: &[CString]) -> Vec<*const libc::c_char> {
    list.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect()
}

fn candidates(program: &str, env: &[String]) -> Vec<String> {
    if program.contains('/') {
        return vec![program.to_owned()];
    }
    let path = env.iter().find_map(|entry| entry.strip_prefix("PATH=")).unwrap_or(DEFAULT_PATH);
    path.split(':')
        .map(|folder| if folder.is_empty() { program.to_owned() } else { format!("{folder}/{program}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_looked_for_in_the_new_path() {
        let env = ["A=b".to_owned(), "PATH=/one::/two".to_owned()];
        assert_eq!(candidates("sh", &env), ["/one/sh", "sh", "/two/sh"]);
        assert_eq!(candidates("./sh", &env), ["./sh"]);
        assert_eq!(candidates("sh", &[]).len(), 6);
    }

    #[test]
    fn what_cannot_be_run_is_named() {
        assert!(Program::new(&[], &[]).is_err());
        let gone = Program::new(&["/no/such/program".to_owned()], &[]).unwrap();
        assert!(gone.execute(|| Ok(())).message().contains("/no/such/program"));
        let stopped = Program::new(&["true".to_owned()], &[]).unwrap();
        assert_eq!(stopped.execute(|| Err(Error::invalid("not now"))).message(), "not now");
    }
}
