//! Scans an OCI layout without a cache and prints how many packages there are: the scan alone, for a profiler.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: scan OCI_LAYOUT")?;
    let image = image::open(&image::Source::OciDir(path.into()), &image::OpenOptions::default())?;
    let report = catalog::scan(&image, &catalog::ScanOptions::default())?;
    #[expect(clippy::print_stdout, reason = "the number is the result")]
    {
        println!("{}", report.packages.len());
    }
    Ok(())
}
