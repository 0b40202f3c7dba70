//! The binary: parse, dispatch, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    telltape::cli_main()
}
