//! Unpacks one file and does nothing with what comes out: what `scanbench detect` of a packed log is held against.

use std::fs::File;
use std::io::{self, BufReader, Read, Write as _};

fn main() -> io::Result<()> {
    let Some(path) = std::env::args_os().nth(1) else {
        return Err(io::Error::other("which file?"));
    };
    let mut input = BufReader::with_capacity(256 << 10, File::open(path)?);
    let mut magic = [0; 2];
    input.read_exact(&mut magic)?;
    input.seek_relative(-2)?;
    let mut unpacked: Box<dyn Read> = if magic == [0x1f, 0x8b] {
        Box::new(flate2::bufread::MultiGzDecoder::new(input))
    } else {
        Box::new(zstd::Decoder::with_buffer(input)?)
    };
    let mut block = vec![0; 256 << 10];
    let mut bytes = 0;
    loop {
        match unpacked.read(&mut block)? {
            0 => break,
            count => bytes += count,
        }
    }
    writeln!(io::stdout(), "{bytes} bytes")
}
