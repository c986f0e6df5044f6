//! Tokens of software (query language reference, section 7), relative to the array.

use super::Form::{Exact, Folded};
use super::field::{date, fields, keyword, text};
use super::values;

fields! {
    /// A field of a piece of software: of an element of `softwares`, or of the software that a finding affects.
    SoftwareField in Software;
    /// The name of the package.
    Name "name" text();
    /// The version; versions are equal or not, they have no order here.
    Version "version" keyword(Exact);
    /// The first version in which all that was found is mended.
    FixVersion "fixVersion" keyword(Exact);
    /// Where the package lies in the image.
    PackagePath "packagePath" text();
    /// The kind of scan that found it.
    ScanType "scanType" keyword(Folded).such_as(values::SCAN_TYPES);
    /// How far the product is in its life.
    LifecycleStage "lifecycle.stage" keyword(Folded).such_as(values::STAGES);
    /// When the product's life ends or ended.
    LifecycleEol "lifecycle.eol" date();
    /// When its support ends or ended.
    LifecycleEos "lifecycle.eos" date();
    /// When it became generally available.
    LifecycleGa "lifecycle.ga" date();
}
