/**
 * The contracts that every device has to satisfy: one for the device itself and one for each operation. Subclasses only open their
 * device. Read {@link org.codanet.nn.testing.OperationContract} first, then {@link org.codanet.nn.testing.Workplace}, which every test
 * uses.
 */
package org.codanet.nn.testing;
