//! Generates the server side of proto/guest/v1/guest.proto without protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let include = "../../proto";
    let proto = "guest/v1/guest.proto";
    println!("cargo:rerun-if-changed={include}/{proto}");
    let files = protox::compile([proto], [include])?;
    tonic_prost_build::configure().build_client(false).build_transport(false).compile_fds(files)?;
    Ok(())
}
