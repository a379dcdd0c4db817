//! Schedules: tasks that are asked for at times. Experimental.

use crate::{
    client::Client,
    error::Error,
    handle::Handle,
    items::{Items, pages},
    new_task::{NewTask, new_id},
    v1,
};

impl Client {
    /// Create a schedule, each firing of which asks for the task; `schedule` says when, and need not say more. When this
    /// answers it is durable, and will fire.
    pub async fn create_schedule(
        &self,
        id: &str,
        task: NewTask,
        schedule: v1::Schedule,
    ) -> Result<v1::Schedule, Error> {
        let schedule = v1::Schedule { task: Some(task.into_task()), ..schedule };
        let request = v1::CreateScheduleRequest {
            parent: self.parent(),
            schedule_id: id.to_owned(),
            schedule: Some(schedule),
            request_id: new_id(),
            ..Default::default()
        };
        self.transport.ask(request).await
    }

    /// The schedule of that id or full name.
    pub async fn schedule(&self, name: &str) -> Result<v1::Schedule, Error> {
        self.transport.ask(v1::GetScheduleRequest { name: self.schedule_name(name) }).await
    }

    /// The project's schedules, in the order of their names.
    pub fn schedules(&self) -> Items<v1::Schedule> {
        pages(self.transport.clone(), v1::ListSchedulesRequest { parent: self.parent(), ..Default::default() })
    }

    /// Let a schedule fire no more until it is resumed; its tasks go on.
    pub async fn pause_schedule(&self, name: &str) -> Result<v1::Schedule, Error> {
        self.transport.ask(v1::PauseScheduleRequest { name: self.schedule_name(name) }).await
    }

    /// Let a paused schedule fire again, from its next instant on.
    pub async fn resume_schedule(&self, name: &str) -> Result<v1::Schedule, Error> {
        self.transport.ask(v1::ResumeScheduleRequest { name: self.schedule_name(name) }).await
    }

    /// Ask for a schedule's task now; its instants stay as they are.
    pub async fn run_schedule(&self, name: &str) -> Result<Handle, Error> {
        let request = v1::RunScheduleRequest { name: self.schedule_name(name), request_id: new_id() };
        Ok(Handle::seen(self.clone(), self.transport.ask(request).await?))
    }

    /// Delete a schedule; its tasks stay.
    pub async fn delete_schedule(&self, name: &str) -> Result<(), Error> {
        self.transport.ask(v1::DeleteScheduleRequest { name: self.schedule_name(name) }).await?;
        Ok(())
    }

    fn schedule_name(&self, name: &str) -> String {
        if name.contains('/') { name.to_owned() } else { format!("{}/schedules/{name}", self.parent()) }
    }
}
