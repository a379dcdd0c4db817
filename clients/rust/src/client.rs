//! The client: submits tasks, finds them, and asks for prices.

use std::{mem, sync::Arc, time::Duration};

use prost::Message;
use serde::Serialize;

use crate::{
    error::{Error, Refused},
    event::Event,
    failures::refused_status,
    handle::Handle,
    items::{Items, pages},
    new_task::NewTask,
    settings::Settings,
    transport::{MESSAGE_LIMIT, Raw, Transport},
    v1::{self, create_task_outcome::Outcome},
    watch::{HEARTBEAT, watch_project},
};

const BATCH_DEADLINE: Duration = Duration::from_secs(60);
const BATCH_COUNT: usize = 1000;
/// The API takes 3 MiB; what frames each request is counted generously.
const BATCH_BYTES: usize = 3 * 1024 * 1024 - 16 * 1024;

/// A client of one server and project. Clones share its connection.
#[derive(Clone)]
pub struct Client {
    pub(crate) transport: Arc<Transport>,
    project: String,
}

impl Client {
    /// A client by these settings. Nothing is sent yet, and the server need not be there. The connection is made by the
    /// first call, and belongs to the tokio runtime of that.
    pub fn connect(settings: Settings) -> Result<Self, Error> {
        let settings = settings.resolve()?;
        Ok(Self { transport: Transport::new(&settings)?, project: settings.project })
    }

    pub(crate) fn parent(&self) -> String {
        format!("projects/{}", self.project)
    }

    /// Ask for a task; when this answers it is durable, and will be run. A request whose answer is lost is sent again
    /// with the same id, so that there is one task.
    pub async fn submit(&self, script: &str, params: impl Serialize) -> Result<Handle, Error> {
        self.submit_task(NewTask::new(script, params)?).await
    }

    /// Ask for a task of which more is said than script and params.
    pub async fn submit_task(&self, task: NewTask) -> Result<Handle, Error> {
        let made = self.transport.ask(task.into_request(&self.parent(), false)).await?;
        Ok(Handle::seen(self.clone(), made))
    }

    /// The task as it would be; nothing is created.
    pub async fn validate(&self, task: NewTask) -> Result<v1::Task, Error> {
        self.transport.ask(task.into_request(&self.parent(), true)).await
    }

    /// Ask for many tasks, each for itself; what became of each, in the same order. More than fit into one request go in
    /// several.
    pub async fn batch(&self, tasks: Vec<NewTask>) -> Vec<Result<Handle, Error>> {
        let (mut outcomes, mut chunk, mut size) = (Vec::with_capacity(tasks.len()), Vec::new(), 0);
        for task in tasks {
            let request = task.into_request(&self.parent(), false);
            let own = request.encoded_len() + 8;
            if !chunk.is_empty() && (chunk.len() == BATCH_COUNT || size + own > BATCH_BYTES) {
                outcomes.extend(self.send(mem::take(&mut chunk)).await);
                size = 0;
            }
            size += own;
            chunk.push(request);
        }
        if !chunk.is_empty() {
            outcomes.extend(self.send(chunk).await);
        }
        outcomes
    }

    async fn send(&self, requests: Vec<v1::CreateTaskRequest>) -> Vec<Result<Handle, Error>> {
        let count = requests.len();
        let batch = v1::BatchCreateTasksRequest { parent: self.parent(), requests };
        let error = match self.transport.ask_within(batch, BATCH_DEADLINE).await {
            Ok(answer) if answer.outcomes.len() == count => {
                return answer.outcomes.into_iter().map(|outcome| self.outcome(outcome)).collect();
            }
            Ok(answer) => fault(format!("{} outcomes came for {count} tasks", answer.outcomes.len())),
            Err(error) => error,
        };
        vec![Err(error); count]
    }

    fn outcome(&self, outcome: v1::CreateTaskOutcome) -> Result<Handle, Error> {
        match outcome.outcome {
            Some(Outcome::Task(task)) => Ok(Handle::seen(self.clone(), task)),
            Some(Outcome::Error(status)) => Err(refused_status(&status)),
            None => Err(fault("the server told no outcome".to_owned())),
        }
    }

    /// The task of that id or full name; nothing is asked yet.
    pub fn task(&self, name: &str) -> Handle {
        let full = if name.contains('/') { name.to_owned() } else { format!("{}/tasks/{name}", self.parent()) };
        Handle::named(self.clone(), full)
    }

    /// The project's tasks, newest first, in brief. A filter is of comparisons joined by AND, such as
    /// `state = FAILED AND labels.env = "prod"`; empty: all.
    pub fn list(&self, filter: &str) -> Items<v1::Task> {
        let request = v1::ListTasksRequest { parent: self.parent(), filter: filter.to_owned(), ..Default::default() };
        pages(self.transport.clone(), request)
    }

    /// What happens in the project, for ever: a snapshot of each task that is not at rest, then events and progress.
    ///
    /// A connection that breaks is opened again where it ended. To go on in another process, give the
    /// [`resume_token`](crate::Place::resume_token) of the last event that was dealt with. A filter names what never
    /// changes: `script`, `executor`, `creator`, `labels.KEY`, `create_time`.
    pub fn watch_project(&self, filter: &str, resume_token: &[u8]) -> Items<Event> {
        let request = v1::WatchTasksRequest {
            parent: self.parent(),
            filter: filter.to_owned(),
            resume_token: resume_token.to_vec(),
            heartbeat_interval: HEARTBEAT.try_into().ok(),
        };
        watch_project(self.transport.clone(), request)
    }

    /// Who calls, as the server knows it, and what the credential opens.
    pub async fn caller(&self) -> Result<v1::Caller, Error> {
        self.transport.ask(v1::GetCallerRequest {}).await
    }

    /// What one thing costs; an empty region: everywhere, or in the only one there is. A price that nobody knows is
    /// refused as `PRICE_UNKNOWN`, and never zero.
    pub async fn price(&self, provider: &str, region: &str, sku: &str) -> Result<v1::Price, Error> {
        let (provider, region, sku) = (provider.to_owned(), region.to_owned(), sku.to_owned());
        self.price_of(v1::GetPriceRequest { provider, region, sku, ..Default::default() }).await
    }

    /// What one thing costs, of which more is said than provider, region and sku. The project need not be.
    pub async fn price_of(&self, mut request: v1::GetPriceRequest) -> Result<v1::Price, Error> {
        if request.parent.is_empty() {
            request.parent = self.parent();
        }
        self.transport.ask(request).await
    }

    /// The prices that fit, such as `provider = "ec2_linux" AND sku : "m5."`, in the order of provider, region and sku.
    pub fn prices(&self, filter: &str) -> Items<v1::Price> {
        let request = v1::ListPricesRequest { parent: self.parent(), filter: filter.to_owned(), ..Default::default() };
        pages(self.transport.clone(), request)
    }

    /// Since when a thing cost what, the oldest first; the last one is what [`price_of`](Self::price_of) answers now. The
    /// project need not be said.
    pub async fn price_history(&self, mut request: v1::ListPriceHistoryRequest) -> Result<Vec<v1::PricePoint>, Error> {
        if request.parent.is_empty() {
            request.parent = self.parent();
        }
        Ok(self.transport.ask(request).await?.points)
    }

    /// What is not the same in two catalogues, by their names. An empty `before` is what was active in the catalogue's
    /// source before it became so.
    pub fn price_changes(&self, catalog: &str, before: &str) -> Items<v1::PriceChange> {
        let (name, before) = (catalog.to_owned(), before.to_owned());
        pages(self.transport.clone(), v1::DiffCatalogsRequest { name, before, ..Default::default() })
    }

    /// What the project, or for `-` each one that the credential opens, may spend an hour, and does.
    pub async fn budgets(&self) -> Result<Vec<v1::Budget>, Error> {
        Ok(self.transport.ask(v1::ListBudgetsRequest { parent: self.parent() }).await?.budgets)
    }

    /// What half-done tasks of the project, or for `-` of each one that the credential opens, left behind, summed up.
    pub async fn leftovers(&self, by: v1::LeftoverGrouping) -> Result<v1::SummarizeLeftoversResponse, Error> {
        let request = v1::SummarizeLeftoversRequest { parent: self.parent(), group_by: by.into() };
        self.transport.ask(request).await
    }

    /// What a task would cost for an hour. While `unpriced` is not empty, the sums are a lower bound.
    pub async fn estimate(&self, script: &str, params: impl Serialize) -> Result<v1::CostEstimate, Error> {
        let task = Some(NewTask::new(script, params)?.into_task());
        self.transport.ask(v1::EstimateCostRequest { parent: self.parent(), task, ..Default::default() }).await
    }

    /// The generated client of the tasks' service, on this client's connection and with its token. It tries nothing again.
    pub fn raw_tasks(&self) -> v1::task_service_client::TaskServiceClient<Raw> {
        v1::task_service_client::TaskServiceClient::new(self.transport.line().1)
            .max_decoding_message_size(MESSAGE_LIMIT)
    }

    /// The generated client of the prices' service, as [`raw_tasks`](Self::raw_tasks).
    pub fn raw_prices(&self) -> v1::pricing_service_client::PricingServiceClient<Raw> {
        v1::pricing_service_client::PricingServiceClient::new(self.transport.line().1)
            .max_decoding_message_size(MESSAGE_LIMIT)
    }

    /// The generated client of the schedules' service, as [`raw_tasks`](Self::raw_tasks).
    pub fn raw_schedules(&self) -> v1::schedule_service_client::ScheduleServiceClient<Raw> {
        v1::schedule_service_client::ScheduleServiceClient::new(self.transport.line().1)
            .max_decoding_message_size(MESSAGE_LIMIT)
    }

    /// The generated client of the service of scripts and executors, as [`raw_tasks`](Self::raw_tasks).
    pub fn raw_executors(&self) -> v1::executor_service_client::ExecutorServiceClient<Raw> {
        v1::executor_service_client::ExecutorServiceClient::new(self.transport.line().1)
            .max_decoding_message_size(MESSAGE_LIMIT)
    }
}

fn fault(message: String) -> Error {
    Error::Refused(Box::new(Refused { code: tonic::Code::Internal, message, ..Refused::default() }))
}
