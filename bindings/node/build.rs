//! Tells the linker that Node.js brings the symbols of its API.

fn main() {
    napi_build::setup();
}
