//! Tokens of the elements of small arrays of objects, relative to the array.

/// `repo` of images.
pub(super) mod repo {
    use crate::fields::field::{fields, text};

    fields! {
        /// A field of a place where an image is tagged.
        RepoField in Repo;
        /// The registry.
        Registry "registry" text();
        /// The repository within the registry.
        Repository "repository" text();
        /// The tag.
        Tag "tag" text();
    }
}

/// `repoDigests` of images.
pub(super) mod repo_digest {
    use crate::fields::Form::Digest;
    use crate::fields::field::{fields, keyword, text};

    fields! {
        /// A field of a digest under which a repository holds an image.
        RepoDigestField in RepoDigest;
        /// The digest of the manifest.
        Digest "digest" keyword(Digest);
        /// The registry.
        Registry "registry" text();
        /// The repository within the registry.
        Repository "repository" text();
    }
}

/// `label` of images and containers.
pub(super) mod label {
    use crate::fields::field::{fields, text};

    fields! {
        /// A field of a label.
        LabelField in Label;
        /// The name of the label.
        Key "key" text();
        /// Its value.
        Value "value" text();
    }
}

/// `layers` of images.
pub(super) mod layer {
    use crate::fields::Form::Digest;
    use crate::fields::field::{fields, keyword};

    fields! {
        /// A field of a layer.
        LayerField in Layer;
        /// The digest of the layer.
        Sha "sha" keyword(Digest);
        /// The id of the layer in an old engine.
        Id "id" keyword(Digest);
    }
}

/// `host` of images.
pub(super) mod host {
    use crate::fields::Form::Uuid;
    use crate::fields::field::{fields, ip, keyword, text};

    fields! {
        /// A field of a host on which an image was found.
        HostField in Host;
        /// The name of the host.
        Hostname "hostname" text();
        /// Its address.
        IpAddress "ipAddress" ip();
        /// Its id.
        Uuid "uuid" keyword(Uuid);
        /// The id of the sensor on it.
        SensorUuid "sensorUuid" keyword(Uuid);
    }
}

/// `portMapping` of containers.
pub(super) mod port {
    use crate::fields::Form::Folded;
    use crate::fields::field::{fields, integer, ip, keyword};
    use crate::fields::values;

    fields! {
        /// A field of a mapped port.
        PortField in Port;
        /// The port in the container.
        Port "port" integer();
        /// The port of the host.
        HostPort "hostPort" integer();
        /// The protocol.
        Protocol "protocol" keyword(Folded).such_as(values::PROTOCOLS);
        /// The address of the host.
        HostIp "hostIp" ip();
    }
}

/// `services` of containers.
pub(super) mod service {
    use crate::fields::field::{fields, text};

    fields! {
        /// A field of a service in a container.
        ServiceField in Service;
        /// The name of the service.
        Name "name" text();
        /// What it is doing.
        Status "status" text();
    }
}

/// `secrets` of images.
pub(super) mod secret {
    use crate::fields::Form::{Digest, Folded};
    use crate::fields::field::{fields, integer, keyword, text};
    use crate::fields::values;

    fields! {
        /// A field of a secret found in an image.
        SecretField in Secret;
        /// The rule that found it.
        Type "type" keyword(Folded);
        /// The category of the rule.
        Category "category" text();
        /// What was found.
        Title "title" text();
        /// The file.
        FilePath "filePath" text();
        /// The line on which it begins.
        StartLine "startLine" integer();
        /// The line on which it ends.
        EndLine "endLine" integer();
        /// How bad it is.
        Severity "severity" keyword(Folded).only(values::SECRET_SEVERITIES);
        /// The layers that hold the file.
        LayerSha "layerSha" keyword(Digest).many();
    }
}

/// `malware` of images.
pub(super) mod malware {
    use crate::fields::Form::Digest;
    use crate::fields::field::{fields, keyword, text};

    fields! {
        /// A field of malware found in an image.
        MalwareField in Malware;
        /// The name of the malware.
        Name "name" text();
        /// Its category.
        Category "category" text();
        /// The file.
        FilePath "filePath" text();
        /// The digest of the file.
        Sha256 "sha256" keyword(Digest);
        /// The layers that hold the file.
        LayerSha "layerSha" keyword(Digest).many();
    }
}

/// `cluster.k8s.pod.label` of containers.
pub(super) mod pod_label {
    use crate::fields::field::{fields, text};

    fields! {
        /// A field of a label of a pod.
        PodLabelField in PodLabel;
        /// The name of the label.
        Key "key" text();
        /// Its value.
        Value "value" text();
    }
}

/// `cluster.k8s.pod.controller` of containers.
pub(super) mod controller {
    use crate::fields::Form::{Folded, Uuid};
    use crate::fields::field::{fields, keyword, text};
    use crate::fields::values;

    fields! {
        /// A field of a controller of a pod.
        ControllerField in Controller;
        /// The name of the controller.
        Name "name" text();
        /// Its kind.
        Type "type" keyword(Folded).such_as(values::CONTROLLER_TYPES);
        /// Its id.
        Uuid "uuid" keyword(Uuid);
    }
}

/// `controls` of images and containers.
pub(super) mod control {
    use crate::fields::Form::Folded;
    use crate::fields::field::{fields, integer, keyword};
    use crate::fields::values;

    fields! {
        /// A field of a control against which a record was evaluated.
        ControlField in Control;
        /// The number of the control.
        ControlId "controlId" integer();
        /// How it came out.
        Posture "posture" keyword(Folded).such_as(values::POSTURES);
        /// How much the control matters.
        Criticality "criticality" keyword(Folded).such_as(values::CONTROL_CRITICALITIES);
    }
}
