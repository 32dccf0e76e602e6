//! Which settings the body of createProject and updateProject has, and what each may be.
//!
//! A key is accepted when the contract has it for either of the two operations, or a newer client is known to send it; any other is
//! refused, as the contract says. What the contract types is checked; what only newer clients know travels as it came.

use crate::shape::Shape::{
    self, Any, Begins, Boolean, Integer, List, Nullable, Number, Object, OneOf, Open, Text,
};
use crate::shape::{Field, optional, required};

/// Characters of a project's name.
pub(super) const NAME: usize = 100;

const COMMAND: Shape = Nullable(&Text(256));
const PROTECTED: Shape =
    OneOf(&["all", "preview", "prod_deployment_urls_and_all_previews", "all_except_custom_domains"]);

pub(super) const SETTINGS: &[Field] = &[
    optional("name", Text(NAME)),
    optional("autoAssignCustomDomains", Boolean),
    optional("autoAssignCustomDomainsUpdatedBy", Text(usize::MAX)),
    optional("autoExposeSystemEnvs", Boolean),
    optional("buildCommand", COMMAND),
    optional("commandForIgnoringBuildStep", COMMAND),
    optional("connectConfigurations", Nullable(&List { of: &Object(CONNECTION), min: 1, max: usize::MAX })),
    optional("customerSupportCodeVisibility", Boolean),
    optional("devCommand", COMMAND),
    optional("directoryListing", Boolean),
    optional("enableAffectedProjectsDeployments", Boolean),
    optional("enablePreviewFeedback", Nullable(&Boolean)),
    optional("enableProductionFeedback", Nullable(&Boolean)),
    optional("framework", Nullable(&OneOf(FRAMEWORKS))),
    optional("gitForkProtection", Boolean),
    optional("gitLFS", Boolean),
    optional("installCommand", COMMAND),
    optional("nodeVersion", OneOf(&["24.x", "22.x", "20.x", "18.x", "16.x", "14.x", "12.x", "10.x"])),
    optional(
        "oidcTokenConfig",
        Nullable(&Object(&[
            optional("enabled", Boolean),
            optional("issuerMode", OneOf(&["team", "global"])),
        ])),
    ),
    optional(
        "optionsAllowlist",
        Nullable(&Object(&[required(
            "paths",
            List { of: &Object(&[required("value", Begins('/', usize::MAX))]), min: 1, max: 5 },
        )])),
    ),
    optional("outputDirectory", COMMAND),
    optional(
        "passwordProtection",
        Nullable(&Object(&[
            required("deploymentType", PROTECTED),
            optional("password", Nullable(&Text(72))),
        ])),
    ),
    optional("previewDeploymentsDisabled", Nullable(&Boolean)),
    optional("publicSource", Nullable(&Boolean)),
    optional("resourceConfig", Object(RESOURCES)),
    optional("rootDirectory", COMMAND),
    optional("serverlessFunctionRegion", Nullable(&Text(4))),
    optional("serverlessFunctionZeroConfigFailover", Boolean),
    optional("skewProtectionBoundaryAt", Integer { min: 0 }),
    optional("skewProtectionMaxAge", Integer { min: 0 }),
    optional("skipGitConnectDuringLink", Boolean),
    optional("sourceFilesOutsideRootDirectory", Boolean),
    optional("ssoProtection", Nullable(&Object(&[required("deploymentType", PROTECTED)]))),
    optional("staticIps", Object(&[required("enabled", Boolean)])),
    optional("trustedIps", Nullable(&Object(TRUSTED_IPS))),
    // Newer than the contract.
    optional("deploymentPolicy", Any),
    optional("dismissedToasts", Any),
    optional("enableExternalRewriteCaching", Boolean),
    optional(
        "gitComments",
        Nullable(&Object(&[required("onCommit", Boolean), required("onPullRequest", Boolean)])),
    ),
    optional("gitProviderOptions", Nullable(&Object(GIT_PROVIDER_OPTIONS))),
    optional("passport", Any),
    optional("previewDeploymentSuffix", Nullable(&Text(256))),
    optional("productionDeploymentsFastLane", Boolean),
    optional("protectedSourcemaps", Boolean),
    optional("sandbox", Any),
    optional("skewProtectionAllowedDomains", Any),
    optional("tracing", Any),
    optional("trustedSources", Any),
    optional("v0", Boolean),
];

/// What only a creation has beside the settings.
pub(super) const CREATION: &[Field] = &[
    // Some clients send `null` for none.
    optional("environmentVariables", Nullable(&List { of: &Open(VARIABLE), min: 0, max: usize::MAX })),
    optional(
        "gitRepository",
        Nullable(&Open(&[
            required("repo", Text(usize::MAX)),
            required("type", OneOf(&["github", "github-limited", "gitlab", "bitbucket"])),
        ])),
    ),
];

const VARIABLE: &[Field] = &[
    required("key", Text(usize::MAX)),
    // One target or a list of them.
    required("target", Any),
    required("value", Text(usize::MAX)),
    optional("gitBranch", Nullable(&Text(250))),
    optional("type", OneOf(&["system", "secret", "encrypted", "plain", "sensitive"])),
];

/// Settings that answers show as `null`. Any other that is cleared is not shown at all: answers have no `null` for it.
#[rustfmt::skip]
pub(super) const NULLABLE: &[&str] = &[
    "buildCommand", "commandForIgnoringBuildStep", "connectConfigurations", "devCommand",
    "enablePreviewFeedback", "enableProductionFeedback", "installCommand", "optionsAllowlist", "outputDirectory",
    "passwordProtection", "previewDeploymentSuffix", "previewDeploymentsDisabled", "publicSource", "rootDirectory",
    "ssoProtection", "trustedIps",
];

const CONNECTION: &[Field] = &[
    required("envId", Text(usize::MAX)),
    required("connectConfigurationId", Text(usize::MAX)),
    required("passive", Boolean),
    required("buildsEnabled", Boolean),
];

const GIT_PROVIDER_OPTIONS: &[Field] = &[
    required("createDeployments", OneOf(&["enabled", "disabled"])),
    optional("disableRepositoryDispatchEvents", Boolean),
    optional("requireVerifiedCommits", Boolean),
    optional("consolidatedGitCommitStatus", Any),
];

const TRUSTED_IPS: &[Field] = &[
    required(
        "deploymentType",
        OneOf(&[
            "all",
            "preview",
            "production",
            "prod_deployment_urls_and_all_previews",
            "all_except_custom_domains",
        ]),
    ),
    required(
        "addresses",
        List {
            of: &Object(&[required("value", Text(usize::MAX)), optional("note", Nullable(&Text(20)))]),
            min: 1,
            max: usize::MAX,
        },
    ),
    required("protectionMode", OneOf(&["exclusive", "additional"])),
];

const RESOURCES: &[Field] = &[
    optional("buildMachineType", Nullable(&OneOf(&["enhanced", "turbo", "basic", "standard", "elastic"]))),
    optional("elasticConcurrencyEnabled", Boolean),
    optional("fluid", Boolean),
    optional(
        "functionDefaultMemoryType",
        OneOf(&["standard_legacy", "standard", "performance", "performance_xl"]),
    ),
    optional("functionDefaultRegions", List { of: &Text(4), min: 1, max: usize::MAX }),
    optional("functionDefaultTimeout", Number { min: 1.0, max: 900.0 }),
    optional("functionZeroConfigFailover", Boolean),
    optional("isNSNBDisabled", Boolean),
    // Newer than the contract.
    optional("buildMachineElasticLastUpdated", Any),
    optional("buildMachineElasticReason", Any),
    optional("buildMachineSelection", Any),
    optional("buildQueue", Any),
    optional("enableFunctionsBeta", Boolean),
];

/// The contract's, then those of newer clients.
#[rustfmt::skip]
const FRAMEWORKS: &[&str] = &[
    "blitzjs", "nextjs", "gatsby", "remix", "react-router", "astro", "hexo", "eleventy", "docusaurus-2", "docusaurus",
    "preact", "solidstart-1", "solidstart", "dojo", "ember", "vue", "scully", "ionic-angular", "angular", "polymer",
    "svelte", "sveltekit", "sveltekit-1", "ionic-react", "create-react-app", "gridsome", "umijs", "sapper", "saber",
    "stencil", "nuxtjs", "redwoodjs", "hugo", "jekyll", "brunch", "middleman", "zola", "hydrogen", "vite", "vitepress",
    "vuepress", "parcel", "fastapi", "flask", "fasthtml", "sanity-v3", "sanity", "storybook", "nitro", "hono", "express",
    "h3", "nestjs", "fastify", "xmcp",
    "container", "tanstack-start", "tanstack-start-lovable", "django", "ash", "factory-eve", "eve", "sanity-v2", "koa",
    "elysia", "python", "ruby", "rust", "axum", "actix-web", "bun", "node", "go", "services", "mastra",
];
