use serde_json::{Value, json};
use wharfinger::{Client, Error, Event, Settings};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let client = Client::connect(Settings::from_env()?)?;
    let task = client.submit("harbour.half", json!({"pause": 0.02})).await?;
    let mut watch = task.watch(); // over broken connections and restarts of the server, each event once
    while let Some(event) = watch.next().await {
        if let Event::Entry { entry, .. } = event? {
            println!("{} is {}", entry.key, entry.state_word());
        }
    }
    match task.result::<Value>().await {
        Ok(result) => println!("done: {result}"),
        Err(Error::PartialFailure(half)) => println!("{half}"), // half.created(), half.uncertain(), half.cost …
        Err(other) => return Err(other),
    }
    Ok(())
}
