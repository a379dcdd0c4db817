//! What is generated from `protos/`, laid out as its packages are.

#![allow(missing_docs, clippy::all, clippy::pedantic, rustdoc::all)]

pub mod wharfinger {
    pub mod v1 {
        include!("gen/wharfinger.v1.rs");
    }
}

pub mod google {
    pub mod rpc {
        include!("gen/google.rpc.rs");
    }
}
