/**
 * A device that computes nothing and counts bytes: the memory that a pass will take on a real device, found by running the same code.
 * Nothing here allocates native memory; the sizes come from the real device and its operations. Read {@link
 * org.codanet.nn.counting.CountingDevice} first.
 */
package org.codanet.nn.counting;
