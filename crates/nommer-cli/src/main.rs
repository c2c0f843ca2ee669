//! The `nommer` command: arguments, configuration, progress, exit codes.
//!
//! Exit codes: 0 all is well, 1 some documents failed or a figure is not reached, 2 the command could not start or not
//! end, 130 it was interrupted. A reader that has seen enough (`| head`) is no failure.
// A command prints.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod args;
mod commands;
mod progress;

use std::io::Write;
use std::process::ExitCode;

use args::{Args, Command};
use clap::Parser;

/// How a command ended, when it did not fail.
enum Ending {
    Complete,
    /// Some documents failed, or a figure was not reached; messages have said so.
    SomeFailed,
    Interrupted,
}

fn main() -> ExitCode {
    let result = match Args::parse().command {
        Command::Annotate(args) => commands::annotate::run(args),
        Command::Evaluate(args) => commands::evaluate::run(args),
        Command::Explain(args) => commands::explain::run(args),
        Command::Gazetteer(args) => commands::gazetteer::run(args),
        Command::Model(args) => commands::model::run(args),
        Command::Completions { shell } => commands::generate::completions(shell),
        Command::Man => commands::generate::man(),
    };
    match result {
        Ok(Ending::Complete) => ExitCode::SUCCESS,
        Ok(Ending::SomeFailed) => ExitCode::from(1),
        Ok(Ending::Interrupted) => ExitCode::from(130),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Prints a message for people. File names and contents in it cannot forge lines or steer the terminal; where
/// standard error is gone, nobody reads it.
fn complain(message: &str) {
    let mut safe = String::with_capacity(message.len());
    for c in message.chars() {
        if c.is_control() && c != '\n' && c != '\t' {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    let _ = writeln!(std::io::stderr(), "nommer: {safe}");
}

/// Whether the reader of standard output has gone: it wants no more, and nothing is wrong.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
