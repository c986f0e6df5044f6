//! Logs: structured lines on standard error.

use tracing_subscriber::EnvFilter;

/// How the program logs.
#[derive(clap::Args)]
pub(crate) struct LoggingArgs {
    /// What to log: error, warn, info, debug, trace, or a filter such as `info,fleet=debug`
    #[arg(long, global = true, env = "PLIMSOLL_LOG", value_name = "FILTER", value_parser = filter)]
    log: Option<String>,

    /// Form of the log lines
    #[arg(long, global = true, env = "PLIMSOLL_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

/// Takes a filter that can be understood as it stands.
fn filter(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// Starts logging; a server says what it does, a command only what goes wrong.
pub(crate) fn start(args: &LoggingArgs, server: bool, colours: bool) {
    let default = if server { "info" } else { "warn" };
    let filter = args.log.as_deref().unwrap_or(default);
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new(default));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .with_target(false);
    match args.log_format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().init(),
    }
}
