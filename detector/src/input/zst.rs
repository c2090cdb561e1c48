//! `.zst` with any number of frames, skippable ones too.

use super::packed::{Step, Unpack};
use std::io;
use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};
use zstd::zstd_safe::DParameter;

/// The largest window, as a power of two: 128 MiB, what `zstd -d` takes unless told otherwise, and all that
/// `zstd --ultra -22` and `--long` ask for. A frame that asks for more is refused before memory is taken.
const WINDOW_LOG_MAX: u32 = 27;

/// The first bytes that a frame needs to tell how many more it needs.
const FIRST_BYTES: usize = 5;

/// Zstandard, by the C library: the decoder in Rust (`ruzstd`) takes three times its time.
pub(crate) struct Zstd {
    decoder: Decoder<'static>,
    /// Bytes that the decoder asks for; 0 between frames.
    wanted: usize,
    /// A frame has been read to its end.
    any: bool,
}

impl Zstd {
    pub(crate) fn new() -> io::Result<Self> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX))?;
        Ok(Self {
            decoder,
            wanted: 0,
            any: false,
        })
    }

    /// The bytes taken and written, and what the decoder said.
    fn run(&mut self, input: &[u8], out: &mut [u8]) -> (usize, usize, io::Result<usize>) {
        let (mut from, mut to) = (InBuffer::around(input), OutBuffer::around(out));
        let result = self.decoder.run(&mut from, &mut to);
        (from.pos(), to.pos(), result)
    }
}

impl Unpack for Zstd {
    const NAME: &'static str = "zstd";

    /// Feeds the decoder just what it asks for, which is one block with the header of the next: given more, it
    /// decodes many blocks in a call and forgets the good ones when it comes upon a damaged one.
    fn unpack(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        if self.wanted == 0 {
            if input.is_empty() {
                return Step::default();
            }
            if let Err(error) = self.decoder.reinit() {
                return Step {
                    fault: Some(error.to_string()),
                    ..Step::default()
                };
            }
            self.wanted = FIRST_BYTES;
        }
        let input = &input[..input.len().min(self.wanted)];
        let (used, written, result) = self.run(input, out);
        let fault = match result {
            Ok(wanted) => {
                self.wanted = wanted;
                self.any |= wanted == 0;
                None
            }
            Err(error) => Some(error.to_string()),
        };
        Step {
            used,
            written,
            fault,
        }
    }

    fn end(&mut self) -> Result<bool, String> {
        Ok(self.any && self.wanted == 0)
    }
}
