//! `sendmmsg` and `recvmmsg`: many messages in one system call, each with control messages of its own, which nix cannot do.
//!
//! The one module of the project that the compiler cannot check. It hands pointers to the kernel and nothing else: what the
//! bytes mean is in `envelope.rs`.

#![expect(unsafe_code, reason = "no safe crate sends or receives many messages with different control messages")]
#![warn(clippy::undocumented_unsafe_blocks, clippy::multiple_unsafe_ops_per_block)]

use std::{
    mem,
    os::fd::{AsRawFd, BorrowedFd},
    ptr,
};

use nix::{errno::Errno, libc};

use super::envelope::Envelope;

/// What a call needs beside the bytes themselves, used again each call: nothing is allocated for a packet.
pub(super) struct Batch {
    envelopes: Box<[Envelope]>,
    slices: Box<[libc::iovec]>,
    headers: Box<[libc::mmsghdr]>,
}

// SAFETY: what keeps it from being Send are the pointers in `slices` and `headers`. Each is written anew before the kernel
// reads it, within one method that has the batch for itself, and nothing reads it after.
unsafe impl Send for Batch {}

impl Batch {
    /// For at most `messages` messages a call.
    pub(super) fn new(messages: usize) -> Self {
        // SAFETY: both are plain C structs of integers and pointers, for which zero is a value.
        let (slice, header) = unsafe { mem::zeroed::<(libc::iovec, libc::mmsghdr)>() };
        Self {
            envelopes: vec![Envelope::default(); messages].into(),
            slices: vec![slice; messages].into(),
            headers: vec![header; messages].into(),
        }
    }

    /// Sends, in one call that does not wait, what `fill` writes the envelope of and returns the bytes of, until it returns
    /// nothing or the batch is full. Returns how many messages went, from the first on.
    ///
    /// # Errors
    ///
    /// That of the first message, and then none was sent. What stopped a later one shows when it is the first of a call.
    pub(super) fn send<'a>(
        &mut self,
        socket: BorrowedFd<'_>,
        mut fill: impl FnMut(&mut Envelope) -> Option<&'a [u8]>,
    ) -> nix::Result<usize> {
        let mut filled = 0;
        for ((header, slice), envelope) in self.headers.iter_mut().zip(&mut self.slices).zip(&mut self.envelopes) {
            let Some(bytes) = fill(envelope) else { break };
            // The kernel only reads what is sent: it is written as mutable because receiving has the same structs.
            *slice = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
            point(header, slice, envelope);
            filled += 1;
        }
        let (fd, flags) = (socket.as_raw_fd(), libc::MSG_DONTWAIT);
        // SAFETY: the first `filled` headers point to slices and envelopes of this batch, borrowed until the end of this
        // method, and to bytes that live for 'a, which is longer than it. Lengths are those of the borrowed values.
        let sent = unsafe { libc::sendmmsg(fd, self.headers.as_mut_ptr(), filled, flags as _) };
        Errno::result(sent).map(|sent| sent as usize)
    }

    /// Receives, in one call that does not wait, a message into each `room` bytes of `buffer`. Returns how many came;
    /// [`Self::received`] tells of each.
    pub(super) fn receive(&mut self, socket: BorrowedFd<'_>, buffer: &mut [u8], room: usize) -> nix::Result<usize> {
        let mut ready = 0;
        let parts = self.headers.iter_mut().zip(&mut self.slices).zip(&mut self.envelopes);
        for (((header, slice), envelope), bytes) in parts.zip(buffer.chunks_exact_mut(room)) {
            *slice = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
            envelope.empty();
            point(header, slice, envelope);
            ready += 1;
        }
        let (fd, flags) = (socket.as_raw_fd(), libc::MSG_DONTWAIT);
        // SAFETY: the first `ready` headers point to slices and envelopes of this batch and to disjoint parts of `buffer`, all
        // borrowed mutably until the end of this method. Lengths are those of the borrowed values.
        let came = unsafe { libc::recvmmsg(fd, self.headers.as_mut_ptr(), ready, flags as _, ptr::null_mut()) };
        let came = Errno::result(came)? as usize;
        for (header, envelope) in self.headers.iter().zip(&mut self.envelopes).take(came) {
            envelope.set_lens(header.msg_hdr.msg_namelen as _, header.msg_hdr.msg_controllen as _);
        }
        Ok(came)
    }

    /// The envelope of the message received as number `index`, its length in bytes, and whether all of it is there.
    pub(super) fn received(&self, index: usize) -> (&Envelope, usize, bool) {
        let header = &self.headers[index];
        let is_whole = header.msg_hdr.msg_flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) == 0;
        (&self.envelopes[index], header.msg_len as usize, is_whole)
    }
}

/// Lets a header point to one slice and one envelope.
fn point(header: &mut libc::mmsghdr, slice: &mut libc::iovec, envelope: &mut Envelope) {
    header.msg_len = 0;
    let header = &mut header.msg_hdr;
    (header.msg_iov, header.msg_iovlen) = (slice, 1);
    let (name, control) = envelope.parts_mut();
    (header.msg_name, header.msg_namelen) = (name.as_mut_ptr().cast(), name.len() as _);
    (header.msg_control, header.msg_controllen) = (control.as_mut_ptr().cast(), control.len() as _);
    header.msg_flags = 0;
}

/// Sets the nice value of the calling thread, -20 to 19; lower goes first. On Linux it is a thread's own (setpriority(2)).
///
/// # Errors
///
/// `EACCES` or `EPERM` where neither `CAP_SYS_NICE` nor `RLIMIT_NICE` allows it.
pub(in crate::media) fn set_nice(nice: i32) -> nix::Result<()> {
    // SAFETY: no memory is passed; 0 names the calling thread.
    let done = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) };
    Errno::result(done).map(drop)
}
