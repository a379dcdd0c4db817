//! Streams of what comes bit by bit: the items of pages, and what a watch tells.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use async_stream::try_stream;
use futures_core::Stream;

use crate::{
    error::Error,
    transport::{Call, Transport},
    v1,
};

/// A stream of items, or of one error after which it ends. Dropping it ends what goes on behind it.
#[must_use = "nothing is asked before the first item is"]
pub struct Items<T>(Pin<Box<dyn Stream<Item = Result<T, Error>> + Send>>);

impl<T> Items<T> {
    pub(crate) fn new(stream: impl Stream<Item = Result<T, Error>> + Send + 'static) -> Self {
        Self(Box::pin(stream))
    }

    /// The next item; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        poll_fn(|context| self.0.as_mut().poll_next(context)).await
    }

    /// All that are to come.
    pub async fn all(mut self) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        while let Some(item) = self.next().await {
            items.push(item?);
        }
        Ok(items)
    }
}

impl<T> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

/// A request for a page.
pub(crate) trait Paged: Call + Send + Sync {
    type Item: Send;
    fn turn_to(&mut self, token: String);
    fn split(answer: Self::Answer) -> (Vec<Self::Item>, String);
}

macro_rules! paged {
    ($($request:ident has $item:ident in $items:ident;)*) => {$(
        impl Paged for v1::$request {
            type Item = v1::$item;

            fn turn_to(&mut self, token: String) {
                self.page_token = token;
            }

            fn split(answer: Self::Answer) -> (Vec<v1::$item>, String) {
                (answer.$items, answer.next_page_token)
            }
        }
    )*};
}

paged! {
    ListTasksRequest has Task in tasks;
    ListTaskEventsRequest has TaskEvent in events;
    ListLedgerEntriesRequest has LedgerEntry in entries;
    ListPricesRequest has Price in prices;
    DiffCatalogsRequest has PriceChange in changes;
    ListSchedulesRequest has Schedule in schedules;
}

/// What all pages hold, each read when it is needed.
pub(crate) fn pages<Q: Paged>(transport: Arc<Transport>, mut request: Q) -> Items<Q::Item> {
    Items::new(try_stream! {
        loop {
            let (items, token) = Q::split(transport.ask(request.clone()).await?);
            for item in items {
                yield item;
            }
            if token.is_empty() {
                break;
            }
            request.turn_to(token);
        }
    })
}
