//! What a member may in a project, against a naive model: random teams, projects, groups and roles, changed step by step over the wire, and
//! after each change some questions, of which the model says the answer.

use pintle_core::permissions::{ProjectRole, Role};
use pintle_testing::{Caller, Pintle, on_each_engine};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// What was done, kept as plainly as can be.
struct Model {
    roles: Vec<Role>,
    own: BTreeMap<(usize, usize), ProjectRole>,
    /// By group: its members, and its roles by project.
    groups: Vec<(BTreeSet<usize>, BTreeMap<usize, ProjectRole>)>,
}

/// What a member can be seen to do in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Nothing,
    Sees,
    /// Reads variables of preview.
    Develops,
    Administers,
}

impl Model {
    /// Every way on its own, and then the strongest.
    fn reach(&self, member: usize, project: usize) -> Reach {
        let by_team = match self.roles[member] {
            Role::Owner | Role::Member => Reach::Administers,
            Role::Developer => Reach::Develops,
            Role::Security | Role::Billing | Role::Viewer | Role::ViewerForPlus => Reach::Sees,
            Role::Contributor => Reach::Nothing,
        };
        let mut ways = vec![by_team];
        ways.extend(self.own.get(&(member, project)).map(|role| of(*role)));
        for (members, projects) in &self.groups {
            if members.contains(&member) {
                ways.extend(projects.get(&project).map(|role| of(*role)));
            }
        }
        ways.into_iter().max().unwrap()
    }
}

fn of(role: ProjectRole) -> Reach {
    match role {
        ProjectRole::ProjectViewer => Reach::Sees,
        ProjectRole::ProjectDeveloper => Reach::Develops,
        ProjectRole::Admin => Reach::Administers,
    }
}

fn one<T: Copy>(dice: &mut StdRng, list: &[T]) -> T {
    list[dice.random_range(0..list.len())]
}

struct World {
    owner: Caller,
    members: Vec<Caller>,
    projects: Vec<String>,
    model: Model,
    dice: StdRng,
}

impl World {
    async fn new(pintle: &Pintle, seed: u64) -> Self {
        let owner = pintle.team("acme").await;
        let mut dice = StdRng::seed_from_u64(seed);
        let (mut members, mut roles, mut projects) = (Vec::new(), Vec::new(), Vec::new());
        for n in 0..5 {
            let role = if n < 2 { Role::Contributor } else { one(&mut dice, &Role::ALL[1..]) };
            members.push(pintle.member(&owner, &format!("member-{n}"), role).await);
            roles.push(role);
        }
        for n in 0..3 {
            projects.push(owner.project(&format!("project-{n}")).await);
        }
        let groups = vec![(BTreeSet::new(), BTreeMap::new()); 2];
        for n in 0..groups.len() {
            owner.post("/v1/access-groups", json!({ "name": format!("group-{n}") })).await.ok(200);
        }
        Self { owner, members, projects, model: Model { roles, own: BTreeMap::new(), groups }, dice }
    }

    /// One random change, on both sides.
    async fn change(&mut self) {
        let member = self.dice.random_range(0..self.members.len());
        let project = self.dice.random_range(0..self.projects.len());
        let group = self.dice.random_range(0..self.model.groups.len());
        let role = one(&mut self.dice, &ProjectRole::ALL);
        let (user, id) = (self.members[member].user.clone(), self.projects[project].clone());
        let group_path = format!("/v1/access-groups/group-{group}");
        let members_path = format!("/v1/projects/{id}/members");
        let member_path = format!("/v1/teams/acme/members/{user}");
        let (members, projects) = &mut self.model.groups[group];
        match self.dice.random_range(0..8) {
            0 => {
                self.owner.post(&members_path, json!({ "uid": user, "role": role })).await.ok(200);
                self.model.own.insert((member, project), role);
            }
            1 => {
                let had = self.model.own.remove(&(member, project)).is_some();
                let answer = self.owner.delete(&format!("{members_path}/{user}")).await;
                assert_eq!(answer.status, if had { 200 } else { 404 });
            }
            2 => {
                self.owner.post(&group_path, json!({ "membersToAdd": [user] })).await.ok(200);
                members.insert(member);
            }
            3 => {
                self.owner.post(&group_path, json!({ "membersToRemove": [user] })).await.ok(200);
                members.remove(&member);
            }
            4 => {
                let body = json!({ "projects": [{ "projectId": id, "role": role }] });
                self.owner.post(&group_path, body).await.ok(200);
                projects.insert(project, role);
            }
            5 => {
                let body = json!({ "projects": [{ "projectId": id, "role": null }] });
                self.owner.post(&group_path, body).await.ok(200);
                projects.remove(&project);
            }
            6 => {
                let role = one(&mut self.dice, &Role::ALL[1..]);
                self.owner.patch(&member_path, json!({ "role": role })).await.ok(200);
                self.model.roles[member] = role;
            }
            _ => {
                // Who leaves and comes back has lost what it was given.
                self.owner.delete(&member_path).await.ok(200);
                let email = format!("member-{member}@example.com");
                let body = json!({ "email": email, "role": "CONTRIBUTOR" });
                self.owner.post("/v1/teams/acme/members", body).await.ok(200);
                self.model.roles[member] = Role::Contributor;
                self.model.own.retain(|(who, _), _| *who != member);
                for (members, _) in &mut self.model.groups {
                    members.remove(&member);
                }
            }
        }
    }

    /// Asks the server what one member may, project by project, and which projects it lists.
    async fn compare(&mut self) {
        let member = self.dice.random_range(0..self.members.len());
        let caller = &self.members[member];
        let mut seen = BTreeSet::new();
        for (project, id) in self.projects.iter().enumerate() {
            let path = format!("/v9/projects/{id}");
            let (sees, reads, changes) = (
                caller.get(&path).await.status,
                caller.get(&format!("{path}/env")).await.status,
                caller.patch(&path, json!({})).await.status,
            );
            let found = match (sees, reads, changes) {
                (404, 404, 404) => Reach::Nothing,
                (200, 403, 403) => Reach::Sees,
                (200, 200, 403) => Reach::Develops,
                (200, 200, 200) => Reach::Administers,
                other => panic!("{other:?}"),
            };
            let role = self.model.roles[member];
            assert_eq!(
                found,
                self.model.reach(member, project),
                "{role:?} member-{member} in project-{project}"
            );
            if found > Reach::Nothing {
                seen.insert(id.clone());
            }
        }
        let listed = caller.get("/v10/projects").await.ok(200);
        let ids = listed["projects"].as_array().unwrap().iter();
        let listed: BTreeSet<String> =
            ids.map(|project| project["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(listed, seen);
    }
}

#[tokio::test]
async fn the_strongest_way_counts_whatever_was_done_before() {
    on_each_engine(async |pintle| {
        let seed = 20_261_127;
        let mut world = World::new(pintle, seed).await;
        for _ in 0..250 {
            world.change().await;
            world.compare().await;
        }
    })
    .await;
}
