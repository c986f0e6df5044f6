//! Metasploit's list of modules (`db/modules_metadata_base.json`,
//! <https://github.com/rapid7/metasploit-framework>): a CVE that one of them names has an exploit in an attack tool.
//!
//! The decision a reader may doubt: modules of every type count, not only those called exploits. Many that change
//! passwords or read files are filed as auxiliary.

use model::advisory::{Exploit, ExploitMaturity};
use serde::Deserialize;

use crate::facts::is_cve;
use crate::input::{FeedFile, LIMITS, read_document};
use crate::json::entries;
use crate::record::FileHarvest;
use crate::registry::Recognised;
use crate::text::is_id;

pub(crate) const FEED: &str = "metasploit";

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    fullname: Option<String>,
    #[serde(default)]
    references: Vec<String>,
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    Recognised::when(file.name.starts_with("modules_metadata_base") && file.is("json"))
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    out.date = file.date();
    let text = read_document(&file.path, &LIMITS)?;
    for (key, value) in entries(&text).map_err(|error| error.to_string())? {
        let module: Module = match serde_json::from_str(value.get()) {
            Ok(module) => module,
            Err(error) => {
                out.quarantine(&key, error);
                continue;
            }
        };
        let name = module.fullname.unwrap_or_else(|| key.into_owned());
        if !is_id(&name) {
            out.quarantine(&name, "it has no usable name");
            continue;
        }
        out.records += 1;
        for cve in module.references.iter().map(|reference| reference.trim()).filter(|id| is_cve(id)) {
            let exploit =
                Exploit { maturity: ExploitMaturity::Weaponised, source: FEED.to_owned(), id: name.clone() };
            out.exploit(cve, exploit);
        }
    }
    Ok(())
}
