//! What can be done wrong, for trying out `pintle check-partner`. Nothing of this is worth copying.

use clap::ValueEnum;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Broken {
    /// Lets everybody in
    AcceptsAnyToken,
    /// Believes tokens that anybody has signed
    IgnoresSignature,
    /// Takes tokens that are for other integrations
    IgnoresAudience,
    /// Takes tokens of other issuers
    IgnoresIssuer,
    /// Takes tokens that have expired
    IgnoresExpiry,
    /// Lets one installation's token into another
    IgnoresInstallation,
    /// Refuses to install what is installed
    InstallNotIdempotent,
    /// Makes a second resource for the same Idempotency-Key
    ForgetsIdempotency,
    /// Takes whatever is in a body
    NoValidation,
    /// Refuses in words of its own
    BareErrors,
    /// Shows secrets to whoever reads a resource
    ShowsSecrets,
    /// Answers a rotation with the old secrets
    RotationChangesNothing,
    /// Promises new secrets and never sends them
    RotationNeverComes,
    /// Answers a query with something that is no block
    ReplWithoutBlocks,
    /// Says 500 where a resource is gone already
    FailsSecondDelete,
    /// Says 500 where an installation is gone already
    FailsSecondRemoval,
    /// Keeps an installation that has resources, even if they are to go, too
    IgnoresCascade,
    /// Never frees the name of a resource that is gone
    KeepsNames,
    /// Lists plans that are none
    WrongPlans,
    /// Signs in whoever comes to the SSO address
    SsoTrustsAnything,
    /// Takes events that Pintle has not signed
    AcceptsBadSignature,
}
