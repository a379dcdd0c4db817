//! Says what a half-done task left over, and takes it back: cargo run --example settle -- TASK
use serde_json::Value;
use wharfinger::{Client, Error, Rollback, Settings};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let client = Client::connect(Settings::from_env()?)?; // WHARFINGER_SERVER says where
    let task = client.task(&std::env::args().nth(1).unwrap_or_default());
    match task.result::<Value>().await {
        Ok(result) => println!("done: {result}"),
        Err(Error::PartialFailure(half)) => {
            println!("{half}");
            task.rollback(&Rollback::default()).await?;
            println!("it is {}", task.wait().await?.state_word());
        }
        Err(other) => return Err(other),
    }
    Ok(())
}
