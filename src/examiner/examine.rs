//! An examination from beginning to end: what has to hold at first, then case by case.

use std::sync::Mutex;
use std::time::Duration;

use ground::chance::{digest, mix};
use tokio::time::Instant;

use super::api::ExamApi;
use super::client::Client;
use super::error::ExaminerError;
use super::own::OwnCase;
use super::process::ServiceProcess;
use super::session::Session;
use super::source_files::Writer;
use super::upstream::FaultScript;
use crate::contract::limits::{ALIVE_WITHIN, REACHABLE_WITHIN};
use crate::record::exam::{
    Case, CaseRecord, Check, Exam, Exchange, Isolation, Outcome, OwnRecord, SCHEMA, UPSTREAM,
};

/// The check that a service documents a small file.
const CONTRACT: &str = "contract";
/// What may be wrong with a service that has a network of its own.
const ALONE: &str = "; it reaches nobody but its API: if it needs anything else on this machine, e.g. a database, use --isolate \
                     bwrap-with-network";

/// How an examination is carried out.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What is examined, for the record.
    pub target: String,
    /// URL of the service or of its `/document`.
    pub endpoint: String,
    /// Goes into every name in the documents.
    pub salt: String,
    /// The cases.
    pub cases: Vec<Case>,
    /// Cases that the rubrics define.
    pub own: Vec<OwnCase>,
    /// Longest wait for one answer.
    pub deadline: Duration,
    /// Time for all of it; the cases that are left then are not played.
    pub within: Duration,
}

/// Carries `plan` out. A `service` that was started for it is started again when it dies. `done` hears of each case that has ended.
///
/// # Errors
/// When it cannot begin; a service that misbehaves is a fact and no error.
pub async fn examine(
    api: &ExamApi,
    plan: &Plan,
    service: &mut Option<ServiceProcess>,
    done: &(dyn Fn(&str) + Sync),
) -> Result<Exam, ExaminerError> {
    let end = Instant::now() + plan.within;
    let client = Client::new(&plan.endpoint).map_err(ExaminerError::Endpoint)?;
    let session = Session {
        api: api.clone(),
        client,
        writer: Mutex::new(Writer::new(&plan.salt)),
        deadline: plan.deadline,
        turn: tokio::sync::Mutex::default(),
    };
    let (mut preflight, single) = session.preflight().await;
    let isolation = service.as_ref().map(|service| service.isolation());
    if isolation == Some(Isolation::Bwrap)
        && let Some(unanswered) = preflight
            .iter_mut()
            .find(|check| check.id == CONTRACT && !check.passed)
    {
        unanswered.said += ALONE;
    }
    let mut exam = Exam {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        target: plan.target.clone(),
        salt: plan.salt.clone(),
        preflight,
        cases: [(Case::Single, single)].into(),
        own: [].into(),
        unplayed: [].into(),
        prying: Vec::new(),
        isolation,
        unattributed: 0,
    };
    if exam.preflight.iter().all(|check| check.passed) {
        for step in steps(plan) {
            let played = step.iter().map(|planned| session.play(planned));
            let played = futures_util::future::join_all(played);
            let Ok(mut records) = tokio::time::timeout_at(end, played).await else {
                let names = step.iter().map(|planned| planned.name().to_owned());
                exam.unplayed.extend(names);
                continue;
            };
            let alive = session.alive().await;
            let death = match service.as_mut().filter(|_| !alive) {
                Some(service) => service.death().await,
                None => None,
            };
            for (planned, record) in step.iter().zip(&mut records) {
                record.alive_after = alive;
                record.death.clone_from(&death);
                planned.keep(record.clone(), &mut exam);
                done(planned.name());
            }
            if death.is_some() && !restarted(service).await {
                // What is left cannot be told.
                break;
            }
        }
    }
    exam.prying = api.upstream.prying();
    exam.unattributed = api.upstream.strangers();
    Ok(exam)
}

impl Session {
    async fn play(&self, planned: &Planned<'_>) -> CaseRecord {
        match planned {
            Planned::BuiltIn(case) => self.case(*case).await,
            Planned::Own(case) => self.own_case(case).await,
        }
    }

    /// The checks stop at the first that fails.
    async fn preflight(&self) -> (Vec<Check>, CaseRecord) {
        let mut checks = Vec::new();
        let mut check = |id: &str, passed: bool, said: String| {
            checks.push(Check {
                id: id.to_owned(),
                passed,
                said,
            });
            passed
        };
        let reachable = self.client.reachable(REACHABLE_WITHIN).await;
        let said = format!(
            "an HTTP server must answer at the endpoint within {} s",
            REACHABLE_WITHIN.as_secs()
        );
        if !check("reachable", reachable, said) {
            return (checks, CaseRecord::default());
        }
        let script = FaultScript {
            instructions: true,
            ..FaultScript::default()
        };
        let running = self.begin(self.small(1), script);
        let exchange = running.ask(0, self.deadline).await;
        running.quiet(Duration::from_millis(200)).await;
        let record = running.record();
        let answered = matches!(exchange.outcome, Outcome::Whole | Outcome::Partial);
        let said = if answered {
            "POST /document answers documentation".to_owned()
        } else {
            format!(
                "POST /document with a small Python file must answer 200 and JSON with a `documentation` text; {}",
                seen(&exchange)
            )
        };
        if check(CONTRACT, answered, said) {
            let called = !record.attempts.is_empty() || self.api.upstream.arrived() > 0;
            let said = if called {
                "it calls the upstream that it was given"
            } else {
                "it answered, but no call reached our API: use the environment variable ANTHROPIC_BASE_URL as the \
                 address of the API (AWS_ENDPOINT_URL_BEDROCK_RUNTIME with Amazon's clients), and really ask it"
            };
            check(UPSTREAM, called, said.to_owned());
        }
        (checks, record)
    }

    /// Whether the service still answers an ordinary request.
    async fn alive(&self) -> bool {
        let running = self.begin(self.small(1), FaultScript::default());
        let exchange = running.ask(0, ALIVE_WITHIN).await;
        !matches!(exchange.outcome, Outcome::Closed | Outcome::TimedOut)
    }
}

/// A case that is still to be played.
enum Planned<'p> {
    BuiltIn(Case),
    Own(&'p OwnCase),
}

impl Planned<'_> {
    fn name(&self) -> &str {
        match self {
            Self::BuiltIn(case) => case.name(),
            Self::Own(case) => case.id(),
        }
    }

    fn keep(&self, record: CaseRecord, exam: &mut Exam) {
        match self {
            Self::BuiltIn(case) => {
                exam.cases.insert(*case, record);
            }
            Self::Own(case) => {
                let sha256 = case.sha256().to_owned();
                exam.own
                    .insert(case.id().to_owned(), OwnRecord { sha256, record });
            }
        }
    }
}

/// Cases in which nothing goes wrong and nobody asks at once: their requests are sent in turn, so that none
/// tells which of them it belongs to.
const MIXED: [Case; 3] = [Case::Repeat, Case::Edited, Case::Twins];

/// What is played together, in an order that nobody can foresee, so that it tells nothing about what
/// comes; the case that may take long stands last. The one that was played at first is left out.
fn steps(plan: &Plan) -> Vec<Vec<Planned<'_>>> {
    let seed = digest(plan.salt.as_bytes());
    let cases = plan.cases.iter().filter(|case| **case != Case::Single);
    let (mixed, apart): (Vec<Case>, Vec<Case>) = cases.partition(|case| MIXED.contains(case));
    let alone = apart.into_iter().map(Planned::BuiltIn);
    let alone = alone.chain(plan.own.iter().map(Planned::Own));
    let mut steps: Vec<_> = alone.map(|planned| vec![planned]).collect();
    if !mixed.is_empty() {
        steps.push(mixed.into_iter().map(Planned::BuiltIn).collect());
    }
    steps.sort_by_key(|step| {
        let is_last = matches!(step[0], Planned::BuiltIn(Case::Silence));
        (is_last, mix(&[seed, digest(step[0].name().as_bytes())]))
    });
    steps
}

/// Starts a service that died again, if it still comes up.
async fn restarted(service: &mut Option<ServiceProcess>) -> bool {
    let Some(dead) = service.take() else {
        return false;
    };
    *service = dead.restart().await.ok();
    service.is_some()
}

/// What came back instead of documentation, in words.
fn seen(exchange: &Exchange) -> String {
    let took = exchange.ended_ms.saturating_sub(exchange.at_ms) as f64 / 1000.0;
    match (exchange.outcome, exchange.status) {
        (Outcome::TimedOut, _) => format!("no answer came within {took:.0} s"),
        (_, Some(status)) => format!("it answered with status {status}: {}", exchange.said),
        _ => "the connection was closed without an answer".to_owned(),
    }
}
