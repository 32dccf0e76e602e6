//! The products of a seed's native integrations.

use super::Problem;
use super::apply::{Run, conflict};
use crate::ids::{IntegrationId, ProductId};
use crate::integrations::{Integration, Kind};
use crate::marketplace::products::{self, ProductBody};

/// What is wrong with products in themselves; `path` is their integration's.
pub(super) fn check(path: &str, kind: Kind, wanted: &[ProductBody]) -> Result<(), Problem> {
    if kind != Kind::Marketplace && !wanted.is_empty() {
        let text = "only an integration of kind `marketplace` has products";
        return Err(Problem::new(format!("{path}.products"), text));
    }
    for (index, body) in wanted.iter().enumerate() {
        let path = format!("{path}.products[{index}]");
        if let Some(first) = wanted[..index].iter().position(|other| other.slug() == body.slug()) {
            let text = format!("the product `{}` stands at products[{first}] already", body.slug());
            return Err(Problem::new(path, text));
        }
        let draft = body.clone().into_product(ProductId::from(""), IntegrationId::from(""), 0);
        draft.map_err(|error| Problem::of(&path, error))?;
    }
    Ok(())
}

impl Run<'_> {
    /// Registers what is new of an integration's products, and changes what is different.
    pub(super) async fn products(
        &mut self,
        path: &str,
        app: &Integration,
        wanted: &[ProductBody],
    ) -> Result<(), Problem> {
        for (index, body) in wanted.iter().enumerate() {
            let path = format!("{path}.products[{index}]");
            let Some(before) = products::find(self.tx, &app.id, &body.slug()).await? else {
                let id = ProductId::new(&self.core.entropy);
                let product = body.clone().into_product(id, app.id.clone(), self.now)?;
                products::insert(self.tx, app, &product).await.map_err(|error| conflict(&path, error))?;
                self.applied.made += 1;
                continue;
            };
            let mut after = before.clone();
            body.clone().apply(&mut after)?;
            if after != before {
                after.updated_at = self.now;
                products::save(self.tx, &after).await.map_err(|error| conflict(&path, error))?;
                self.applied.changed += 1;
            }
        }
        Ok(())
    }
}
