use std::time::Instant;
use sensor::runtime::Runtime as _;
use sensor::runtime::containerd::{Containerd, Namespaces};
use testkit::ImageBuilder;
use testkit::runtime::{RealContainerd, RealRuntime};

#[tokio::test]
async fn scratch_cost() {
    let runtime = RealContainerd::start().unwrap();
    let image = ImageBuilder::new().name("example.com/box:1").layer(RealRuntime::busybox());
    runtime.import(&runtime.namespace(), "overlayfs", &image);
    let begin = Instant::now();
    for n in 0..40 {
        runtime.ctr(&["run", "--detach", "--null-io", "example.com/box:1", &format!("c{n}"), "/bin/sleep", "1000"]);
    }
    println!("started 40 in {:?}", begin.elapsed());
    let containerd = Containerd::new(&runtime.socket(), Namespaces::default());
    for _ in 0..5 {
        let begin = Instant::now();
        let listed = containerd.containers().await.unwrap();
        println!("list {} in {:?}", listed.len(), begin.elapsed());
    }
    let listed = containerd.containers().await.unwrap();
    for _ in 0..3 {
        let begin = Instant::now();
        for one in &listed {
            containerd.inspect(&one.id).await.unwrap().unwrap();
        }
        println!("inspect {} in {:?}", listed.len(), begin.elapsed());
    }
}
