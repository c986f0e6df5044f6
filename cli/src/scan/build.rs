//! The build that a scan runs in, out of the environment that build services give their jobs.
//!
//! The decision a reader may doubt: a table of words and no library. Those that exist tell pull requests apart and name people;
//! of what a person wants to know, which run made this image out of what, they leave half to their caller. Addresses of
//! repositories often carry a token here, which [`Build::kept`] cuts out.

use model::Build;

use crate::output::usage;

/// The words of one build service.
///
/// For each word of [`Build`], in its order, texts to try one after the other. `$NAME` in them is a variable, and a text
/// holds if all of its variables are set and not empty.
struct Service {
    name: &'static str,
    /// A variable that is set by this service only.
    mark: &'static str,
    words: [(&'static str, &'static [&'static str]); 6],
}

/// The services, those first whose jobs also carry the variables of another one.
const SERVICES: &[Service] = &[
    // https://docs.gitea.com/usage/actions/actions-variables and the same of Forgejo: as GitHub, with a mark of their own
    actions("forgejo-actions", "FORGEJO_ACTIONS"),
    actions("gitea-actions", "GITEA_ACTIONS"),
    // https://docs.github.com/en/actions/reference/variables-reference
    actions("github-actions", "GITHUB_ACTIONS"),
    // https://docs.gitlab.com/ci/variables/predefined_variables/
    Service {
        name: "gitlab-ci",
        mark: "GITLAB_CI",
        words: [
            ("job", &["$CI_PROJECT_PATH/$CI_JOB_NAME", "$CI_JOB_NAME"]),
            ("number", &["$CI_PIPELINE_IID", "$CI_PIPELINE_ID"]),
            ("url", &["$CI_JOB_URL", "$CI_PIPELINE_URL"]),
            ("commit", &["$CI_COMMIT_SHA"]),
            ("branch", &["$CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "$CI_COMMIT_REF_NAME"]),
            ("repository", &["$CI_PROJECT_URL", "$CI_REPOSITORY_URL"]),
        ],
    },
    // https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables and its Git plug-in
    Service {
        name: "jenkins",
        mark: "JENKINS_URL",
        words: [
            ("job", &["$JOB_NAME"]),
            ("number", &["$BUILD_NUMBER"]),
            ("url", &["$BUILD_URL"]),
            ("commit", &["$GIT_COMMIT"]),
            ("branch", &["$CHANGE_BRANCH", "$BRANCH_NAME", "$GIT_BRANCH"]),
            ("repository", &["$GIT_URL", "$GIT_URL_1"]),
        ],
    },
    // https://learn.microsoft.com/azure/devops/pipelines/build/variables
    Service {
        name: "azure-pipelines",
        mark: "TF_BUILD",
        words: [
            ("job", &["$SYSTEM_TEAMPROJECT/$BUILD_DEFINITIONNAME", "$BUILD_DEFINITIONNAME"]),
            ("number", &["$BUILD_BUILDNUMBER", "$BUILD_BUILDID"]),
            ("url", &["$SYSTEM_COLLECTIONURI$SYSTEM_TEAMPROJECT/_build/results?buildId=$BUILD_BUILDID"]),
            ("commit", &["$BUILD_SOURCEVERSION"]),
            ("branch", &["$SYSTEM_PULLREQUEST_SOURCEBRANCH", "$BUILD_SOURCEBRANCH"]),
            ("repository", &["$BUILD_REPOSITORY_URI"]),
        ],
    },
    // https://circleci.com/docs/reference/variables/
    Service {
        name: "circleci",
        mark: "CIRCLECI",
        words: [
            ("job", &["$CIRCLE_JOB"]),
            ("number", &["$CIRCLE_BUILD_NUM"]),
            ("url", &["$CIRCLE_BUILD_URL"]),
            ("commit", &["$CIRCLE_SHA1"]),
            ("branch", &["$CIRCLE_BRANCH", "$CIRCLE_TAG"]),
            ("repository", &["$CIRCLE_REPOSITORY_URL"]),
        ],
    },
    // https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
    Service {
        name: "bitbucket-pipelines",
        mark: "BITBUCKET_BUILD_NUMBER",
        words: [
            ("job", &["$BITBUCKET_REPO_FULL_NAME"]),
            ("number", &["$BITBUCKET_BUILD_NUMBER"]),
            ("url", &["$BITBUCKET_GIT_HTTP_ORIGIN/pipelines/results/$BITBUCKET_BUILD_NUMBER"]),
            ("commit", &["$BITBUCKET_COMMIT"]),
            ("branch", &["$BITBUCKET_BRANCH", "$BITBUCKET_TAG"]),
            ("repository", &["$BITBUCKET_GIT_HTTP_ORIGIN"]),
        ],
    },
    // https://buildkite.com/docs/pipelines/configure/environment-variables
    Service {
        name: "buildkite",
        mark: "BUILDKITE",
        words: [
            ("job", &["$BUILDKITE_PIPELINE_SLUG"]),
            ("number", &["$BUILDKITE_BUILD_NUMBER"]),
            ("url", &["$BUILDKITE_BUILD_URL"]),
            ("commit", &["$BUILDKITE_COMMIT"]),
            ("branch", &["$BUILDKITE_BRANCH", "$BUILDKITE_TAG"]),
            ("repository", &["$BUILDKITE_REPO"]),
        ],
    },
    // https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
    Service {
        name: "aws-codebuild",
        mark: "CODEBUILD_BUILD_ID",
        words: [
            ("job", &["$CODEBUILD_BUILD_ID"]),
            ("number", &["$CODEBUILD_BUILD_NUMBER"]),
            ("url", &["$CODEBUILD_PUBLIC_BUILD_URL"]),
            ("commit", &["$CODEBUILD_RESOLVED_SOURCE_VERSION"]),
            ("branch", &["$CODEBUILD_WEBHOOK_HEAD_REF", "$CODEBUILD_SOURCE_VERSION"]),
            ("repository", &["$CODEBUILD_SOURCE_REPO_URL"]),
        ],
    },
    // https://www.jetbrains.com/help/teamcity/predefined-build-parameters.html
    Service {
        name: "teamcity",
        mark: "TEAMCITY_VERSION",
        words: [
            ("job", &["$TEAMCITY_PROJECT_NAME/$TEAMCITY_BUILDCONF_NAME", "$TEAMCITY_BUILDCONF_NAME"]),
            ("number", &["$BUILD_NUMBER"]),
            ("url", &["$BUILD_URL"]),
            ("commit", &["$BUILD_VCS_NUMBER"]),
            ("branch", &[]),
            ("repository", &[]),
        ],
    },
    // https://docs.drone.io/pipeline/environment/reference/; Woodpecker's jobs carry CI_ variables of the same meaning
    Service {
        name: "woodpecker",
        mark: "CI_WORKFLOW_NAME",
        words: [
            ("job", &["$CI_REPO/$CI_WORKFLOW_NAME"]),
            ("number", &["$CI_PIPELINE_NUMBER"]),
            ("url", &["$CI_PIPELINE_URL"]),
            ("commit", &["$CI_COMMIT_SHA"]),
            ("branch", &["$CI_COMMIT_SOURCE_BRANCH", "$CI_COMMIT_BRANCH", "$CI_COMMIT_TAG"]),
            ("repository", &["$CI_REPO_URL"]),
        ],
    },
    Service {
        name: "drone",
        mark: "DRONE",
        words: [
            ("job", &["$DRONE_REPO/$DRONE_STAGE_NAME", "$DRONE_REPO"]),
            ("number", &["$DRONE_BUILD_NUMBER"]),
            ("url", &["$DRONE_BUILD_LINK"]),
            ("commit", &["$DRONE_COMMIT_SHA"]),
            ("branch", &["$DRONE_SOURCE_BRANCH", "$DRONE_BRANCH", "$DRONE_TAG"]),
            ("repository", &["$DRONE_REPO_LINK"]),
        ],
    },
    // https://docs.travis-ci.com/user/environment-variables/
    Service {
        name: "travis-ci",
        mark: "TRAVIS",
        words: [
            ("job", &["$TRAVIS_JOB_NAME", "$TRAVIS_REPO_SLUG"]),
            ("number", &["$TRAVIS_BUILD_NUMBER"]),
            ("url", &["$TRAVIS_BUILD_WEB_URL"]),
            ("commit", &["$TRAVIS_COMMIT"]),
            ("branch", &["$TRAVIS_PULL_REQUEST_BRANCH", "$TRAVIS_BRANCH"]),
            ("repository", &["https://github.com/$TRAVIS_REPO_SLUG"]),
        ],
    },
];

const fn actions(name: &'static str, mark: &'static str) -> Service {
    Service {
        name,
        mark,
        words: [
            ("job", &["$GITHUB_WORKFLOW/$GITHUB_JOB", "$GITHUB_WORKFLOW"]),
            ("number", &["$GITHUB_RUN_NUMBER"]),
            ("url", &["$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"]),
            ("commit", &["$GITHUB_SHA"]),
            ("branch", &["$GITHUB_HEAD_REF", "$GITHUB_REF_NAME"]),
            ("repository", &["$GITHUB_SERVER_URL/$GITHUB_REPOSITORY"]),
        ],
    }
}

/// Whether a build runs, and which, if it says.
pub(super) struct Surroundings {
    /// A build service runs this command. Nearly all of them set `CI`, which also takes it back (`CI=false`).
    pub(super) is_build: bool,
    /// What is known of the build.
    pub(super) build: Option<Build>,
}

/// What the environment says; `given` are words of the command line, which stand before it.
///
/// # Errors
///
/// A word that is not `NAME=TEXT`, or of no known name.
pub(super) fn surroundings(
    given: &[String],
    variable: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Surroundings> {
    let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let says_no = |value: String| matches!(value.as_str(), "0" | "false" | "False");
    let service = SERVICES.iter().find(|service| variable(service.mark).is_some_and(|value| !says_no(value)));
    let is_build = match variable("CI") {
        Some(value) => !says_no(value),
        None => service.is_some(),
    };
    let mut build = match service.filter(|_| is_build) {
        Some(service) => told_by(service, variable),
        None => Build::default(),
    };
    for word in given {
        let (name, text) = word.split_once('=').ok_or_else(|| unknown(word))?;
        *build.word_mut(name).ok_or_else(|| unknown(word))? = Some(text.to_owned());
    }
    Ok(Surroundings { is_build, build: build.kept() })
}

fn unknown(word: &str) -> anyhow::Error {
    let names = Build::default().words().map(|(name, _)| name).join(", ");
    usage(format!("--build takes NAME=TEXT with a name of {names}, not `{word}`"))
}

fn told_by(service: &Service, variable: impl Fn(&str) -> Option<String>) -> Build {
    let mut build = Build { system: Some(service.name.to_owned()), ..Build::default() };
    for (name, texts) in &service.words {
        let text = texts.iter().find_map(|text| filled(text, &variable));
        if let Some(word) = build.word_mut(name) {
            *word = text;
        }
    }
    let heads = |branch: &String| branch.strip_prefix("refs/heads/").map(str::to_owned);
    if let Some(branch) = build.branch.as_ref().and_then(heads) {
        build.branch = Some(branch);
    }
    build
}

/// The text with its variables put in; `None` if one is not there.
fn filled(text: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut parts = text.split('$');
    let mut filled = parts.next()?.to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(part.len());
        filled += &variable(&part[..end])?;
        filled += &part[end..];
    }
    Some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)], given: &[&str]) -> Surroundings {
        let given: Vec<String> = given.iter().map(|word| (*word).to_owned()).collect();
        let value = |name: &str| variables.iter().find(|(known, _)| *known == name);
        surroundings(&given, |name| value(name).map(|(_, value)| (*value).to_owned())).unwrap()
    }

    fn words(variables: &[(&str, &str)], given: &[&str]) -> Vec<String> {
        let build = of(variables, given).build.unwrap_or_default();
        let told = build.words().into_iter().filter_map(|(name, word)| Some(format!("{name}={}", word?)));
        told.collect()
    }

    #[test]
    fn a_build_service_is_told_by_its_own_variables() {
        let github = [
            ("CI", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_WORKFLOW", "release"),
            ("GITHUB_JOB", "image"),
            ("GITHUB_RUN_NUMBER", "17"),
            ("GITHUB_RUN_ID", "9001"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "acme/web"),
            ("GITHUB_SHA", "0f3c"),
            ("GITHUB_HEAD_REF", ""),
            ("GITHUB_REF_NAME", "main"),
        ];
        let expected = [
            "system=github-actions",
            "job=release/image",
            "number=17",
            "url=https://github.com/acme/web/actions/runs/9001",
            "commit=0f3c",
            "branch=main",
            "repository=https://github.com/acme/web",
        ];
        assert_eq!(words(&github, &[]), expected);
        let gitlab = [
            ("CI", "true"),
            ("GITLAB_CI", "true"),
            ("CI_JOB_NAME", "scan"),
            ("CI_PIPELINE_IID", "8"),
            ("CI_REPOSITORY_URL", "https://gitlab-ci-token:glcbt-1@gitlab.example.com/a/b.git"),
        ];
        let expected =
            ["system=gitlab-ci", "job=scan", "number=8", "repository=https://gitlab.example.com/a/b.git"];
        assert_eq!(words(&gitlab, &[]), expected);
        // sets no CI
        let azure = [("TF_BUILD", "True"), ("BUILD_SOURCEBRANCH", "refs/heads/topic/x")];
        assert!(of(&azure, &[]).is_build);
        assert_eq!(words(&azure, &[]), ["system=azure-pipelines", "branch=topic/x"]);
    }

    #[test]
    fn no_build_is_told_where_none_runs_or_the_variable_takes_it_back() {
        assert!(!of(&[("GITHUB_SHA", "0f3c")], &[]).is_build);
        let back = of(&[("CI", "false"), ("GITHUB_ACTIONS", "true"), ("GITHUB_SHA", "0f3c")], &[]);
        assert!(!back.is_build && back.build.is_none());
        let unnamed = of(&[("CI", "1")], &[]);
        assert!(unnamed.is_build && unnamed.build.is_none());
    }

    #[test]
    fn words_of_the_command_line_stand_before_the_environment() {
        let jenkins = [("JENKINS_URL", "https://ci.example.com"), ("BUILD_NUMBER", "4"), ("JOB_NAME", "web")];
        let expected = ["system=jenkins", "job=web", "number=5", "commit=a=b"];
        assert_eq!(words(&jenkins, &["number=5", "commit=a=b"]), expected);
        assert_eq!(words(&[], &["commit=1", "commit="]), Vec::<String>::new());
        for wrong in ["commit", "colour=red"] {
            let refused = surroundings(&[wrong.to_owned()], |_| None).err().unwrap().to_string();
            assert!(refused.contains(wrong) && refused.contains("repository"), "{refused}");
        }
    }

    #[test]
    fn every_service_fills_words_that_there_are() {
        for service in SERVICES {
            for (name, texts) in &service.words {
                assert!(Build::default().word_mut(name).is_some(), "{name}");
                assert!(texts.iter().all(|text| text.contains('$')), "{texts:?}");
            }
        }
    }
}
