package org.codanet.service;

import java.time.Duration;

/**
 * Where the time of a call went.
 *
 * @param decode from the call until its picture was decoded and prepared
 * @param queue from then until a device took it
 * @param compute from then until its batch was computed; other calls of the batch, and of batches that failed before, included
 * @param total from the call to its answer
 */
public record CallTimings(Duration decode, Duration queue, Duration compute, Duration total) {}
