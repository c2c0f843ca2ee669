//! `nommer completions` and `nommer man`.

use std::io::Write;

use anyhow::Result;
use clap::CommandFactory;

use crate::Ending;
use crate::args::Args;

pub(crate) fn completions(shell: clap_complete::Shell) -> Result<Ending> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "nommer", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(Ending::Complete)
}

/// The page of the command, with a section for each subcommand.
pub(crate) fn man() -> Result<Ending> {
    let mut command = Args::command();
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for subcommand in command
        .get_subcommands()
        .filter(|subcommand| subcommand.get_name() != "help")
    {
        let man = clap_mangen::Man::new(subcommand.clone());
        writeln!(
            page,
            ".SH \"NOMMER {}\"",
            subcommand.get_name().to_uppercase()
        )?;
        let mut section = Vec::new();
        man.render_synopsis_section(&mut section)?;
        man.render_description_section(&mut section)?;
        man.render_options_section(&mut section)?;
        // Headings of a subcommand stand below its own.
        page.extend(
            String::from_utf8_lossy(&section)
                .replace(".SH ", ".SS ")
                .bytes(),
        );
    }
    std::io::stdout().write_all(&page)?;
    Ok(Ending::Complete)
}
