//! Re-exports libkrun's `krun_*` C symbols: linking the crate into a cdylib is all there is to do.

extern crate krun as _;
