//! Values as the API shows them that are not held in that form.

use model::{Digest, Ecosystem, LifecycleStage};

use crate::facts::Tenant;
use crate::table::Bits;

/// The scan type of packages that the OS package manager installed, and of the OS release itself.
pub(crate) const OS_SCAN: &str = "DYNAMIC";
/// The scan type of language packages.
pub(crate) const LANGUAGE_SCAN: &str = "SCA";

/// The scan type of a package.
pub(crate) const fn scan_type(ecosystem: Ecosystem) -> &'static str {
    if ecosystem.is_os() { OS_SCAN } else { LANGUAGE_SCAN }
}

/// The word of the API for a stage: what still gets its security fixes is not ended.
pub(crate) const fn stage(stage: LifecycleStage) -> &'static str {
    match stage {
        LifecycleStage::Ga | LifecycleStage::SecuritySupport => "GA",
        LifecycleStage::Eol => "EOL",
        LifecycleStage::Eos => "EOS",
        LifecycleStage::Unknown => "Unknown",
    }
}

/// The word of the API for the severity of a secret.
pub(crate) fn secret_severity(number: u32) -> &'static str {
    match number {
        5 => "CRITICAL",
        4 => "HIGH",
        3 => "MEDIUM",
        _ => "LOW",
    }
}

/// A CVSS score in thousandths, with the one decimal that is shown.
pub(crate) fn score(base: f32) -> i64 {
    (f64::from(base) * 10.0).round() as i64 * 100
}

/// Whether the history of an image has an entry without a layer.
pub(crate) fn has_empty_layer(tenant: &Tenant, image: u32) -> bool {
    tenant.images.has_empty_layer.contains(image)
}

/// The image that an image was built on: the known one that the reader may see, unless its scanner knew one that has more of
/// its layers.
pub(crate) fn base_image(tenant: &Tenant, image: u32, visible: &Bits) -> Option<Digest> {
    let known = tenant.images.base_of(image, &tenant.digests, |other| visible.contains(other));
    let named = tenant.images.stated_base.get(image).next();
    let named = named.filter(|[_, own]| known.is_none_or(|(_, layers)| layers < *own));
    match (named, known) {
        (Some([base, _]), _) => tenant.digests.get(base).copied(),
        (None, Some((other, _))) => tenant.images.id.get(other).copied(),
        (None, None) => None,
    }
}

/// Whether a package is listed as software; the OS release is not.
pub(crate) fn is_software(ecosystem: Ecosystem) -> bool {
    ecosystem != Ecosystem::Os
}
