//! `plimsoll feeds update`: downloads what has changed in the public feeds.

use server::{DataDir, jobs};

use super::{DataArgs, ShrinkArgs, progress, report};

/// Arguments of `plimsoll feeds update`.
#[derive(clap::Args)]
pub(crate) struct UpdateArgs {
    /// Download only these feeds (docs/reference/feeds.md lists them); what was downloaded before stays in force
    #[arg(long, value_name = "FEED", num_args = 1.., value_delimiter = ',')]
    only: Vec<String>,
    /// Do not download these feeds
    #[arg(
        long,
        visible_alias = "feeds-without",
        env = "PLIMSOLL_FEEDS_WITHOUT",
        value_name = "FEED",
        num_args = 1..,
        value_delimiter = ','
    )]
    without: Vec<String>,
    /// Download these feeds as well although they are off, because of their terms
    #[arg(
        long,
        visible_alias = "feeds-also",
        env = "PLIMSOLL_FEEDS_ALSO",
        value_name = "FEED",
        num_args = 1..,
        value_delimiter = ','
    )]
    also: Vec<String>,
    /// Mirror of the feeds' publishers: it serves https://HOST/PATH as URL/HOST/PATH
    #[arg(long, env = "PLIMSOLL_FEEDS_MIRROR", value_name = "URL")]
    feeds_mirror: Option<String>,
    /// Key of the National Vulnerability Database, with which its API answers ten times as often
    #[arg(long, env = "PLIMSOLL_NVD_API_KEY", value_name = "KEY", hide_env_values = true)]
    nvd_api_key: Option<String>,
    #[command(flatten)]
    shrink: ShrinkArgs,
    #[command(flatten)]
    data: DataArgs,
}

impl UpdateArgs {
    fn options(&self) -> jobs::feeds::UpdateOptions {
        jobs::feeds::UpdateOptions {
            only: self.only.clone(),
            without: self.without.clone(),
            also: self.also.clone(),
            mirror: self.feeds_mirror.clone(),
            nvd_api_key: self.nvd_api_key.clone(),
            allow_shrink: self.shrink.allow_shrink.clone(),
        }
    }
}

pub(super) fn run(args: &UpdateArgs) -> anyhow::Result<()> {
    DataDir::create(&args.data.data)?;
    report::print(&jobs::feeds::update(&args.data.data, &args.options(), &progress)?)
}
