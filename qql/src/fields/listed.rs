//! Tokens of what stands in the database alone (query language reference, section 8): sensors, registries and what is
//! in these.

/// Sensors.
pub(super) mod sensor {
    use crate::fields::Form::{Exact, Folded, Uuid};
    use crate::fields::field::{boolean, date, fields, ip, keyword, text};
    use crate::fields::values;

    fields! {
        /// A field of a sensor. Names follow the record of `GET /sensors/{sensorId}`.
        SensorField in Sensor;
        /// The name of the sensor.
        Name "name" text();
        /// The id of the sensor.
        Uuid "uuid" keyword(Uuid);
        /// The same.
        SensorId "sensorId" keyword(Uuid);
        /// What the sensor watches.
        SensorType "sensorType" keyword(Folded).only(values::SENSOR_TYPES);
        /// Whether heartbeats arrive.
        Status "status" keyword(Folded).only(values::SENSOR_STATUSES);
        /// The version of the program.
        SensorVersion "sensorVersion" keyword(Exact);
        /// The same.
        BinaryVersion "binaryVersion" keyword(Exact);
        /// The profile that says what the sensor does.
        ConfigurationProfile "configurationProfile" text();
        /// The name of the host that the sensor is on.
        Hostname "hostname" text();
        /// The id of this host.
        HostUuid "hostUuid" keyword(Uuid);
        /// The IPv4 address of the host.
        Ipv4 "ipv4" ip();
        /// The IPv6 address of the host.
        Ipv6 "ipv6" ip();
        /// The MAC address of the host.
        MacAddress "macAddress" keyword(Folded);
        /// The operating system of the host.
        Os "os" text();
        /// Operating system and architecture of the host, as `linux/x86_64`.
        Platform "platform" keyword(Folded);
        /// The version of the engine docker on the host.
        DockerVersion "dockerVersion" keyword(Exact);
        /// When the last heartbeat came.
        LastCheckedIn "lastCheckedIn" date();
        /// When the sensor enrolled.
        Created "created" date();
        /// The id of the activation key.
        ActivationUuid "activationUuid" keyword(Uuid);
        /// The kind of the cluster.
        ClusterType "cluster.type" keyword(Folded).such_as(values::CLUSTER_TYPES);
        /// The name of the cluster.
        ClusterName "cluster.name" text();
        /// The id of the cluster.
        ClusterUid "cluster.uid" keyword(Folded);
        /// The version of the cluster.
        ClusterVersion "cluster.version" keyword(Exact);
        /// The name of the node.
        NodeName "cluster.k8s.node.name" text();
        /// The node runs the control plane.
        NodeIsMaster "cluster.k8s.node.isMaster" boolean();
    }
}

/// Registries.
pub(super) mod registry {
    use crate::fields::Form::{Folded, Uuid};
    use crate::fields::field::{date, fields, integer, keyword, text};
    use crate::fields::values;

    fields! {
        /// A field of a registry. Names follow the record of `GET /registry/{registryId}`.
        RegistryField in Registry;
        /// The address of the registry.
        RegistryUri "registryUri" text();
        /// The id of the registry.
        RegistryUuid "registryUuid" keyword(Uuid);
        /// The kind of the registry.
        RegistryType "registryType" keyword(Folded).such_as(values::REGISTRY_TYPES);
        /// Who provides it.
        ProviderType "providerType" keyword(Folded).such_as(values::PROVIDERS);
        /// When it was added.
        Created "created" date();
        /// When it last changed.
        Updated "updated" date();
        /// When it was last walked.
        LastScanned "lastScanned" date();
        /// Repositories in it.
        RepoCount "repoCount" integer();
        /// Images in it.
        TotalImages "totalImages" integer();
        /// Images in it that were scanned.
        TotalScannedImages "totalScannedImages" integer();
        /// Images in it with vulnerabilities.
        TotalVulnerableImages "totalVulnerableImages" integer();
    }
}

/// Repositories of a registry.
pub(super) mod repository {
    use crate::fields::field::{fields, integer, text};

    fields! {
        /// A field of a repository of a registry.
        RepositoryField in Repository;
        /// The name of the repository.
        RepoName "repoName" text();
        /// Images in it.
        TotalImages "totalImages" integer();
        /// Images in it that were scanned.
        TotalScannedImages "totalScannedImages" integer();
        /// Images in it with vulnerabilities.
        TotalVulnerableImages "totalVulnerableImages" integer();
    }
}

/// Schedules of a registry.
pub(super) mod schedule {
    use crate::fields::Form::{Folded, Uuid};
    use crate::fields::field::{boolean, date, fields, keyword, text};
    use crate::fields::values;

    fields! {
        /// A field of a schedule of a registry.
        ScheduleField in Schedule;
        /// The name of the schedule.
        Name "name" text();
        /// The id of the schedule.
        ScheduleUuid "scheduleUuid" keyword(Uuid);
        /// How far its last run is.
        Status "status" keyword(Folded).such_as(values::SCHEDULE_STATUSES);
        /// It runs once, when asked for.
        OnDemand "onDemand" boolean();
        /// When it was made.
        Created "created" date();
        /// When it last changed.
        Updated "updated" date();
    }
}
