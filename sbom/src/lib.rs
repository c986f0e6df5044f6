//! Bills of materials and statements on exploitability: CycloneDX, SPDX and Syft's own form in, CycloneDX and SPDX out; VEX.
//!
//! What it is for: turning a [`model::ScanReport`] and its findings into a document that other tools read, and such a
//! document back into a report. What it is not for: reading images or judging packages.
//!
//! The decision a reader may doubt: a document is read leniently and written strictly. What other tools write is of
//! every age and quality, so a part that cannot be understood is listed among the report's unreadable places.
