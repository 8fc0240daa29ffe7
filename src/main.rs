//! The `breaklab` program.

fn main() -> std::process::ExitCode {
    breaklab::cli::main()
}
