/**
 * What every device is held to: one contract for devices and one for each operation, whose subclasses only open their
 * device. Read {@link org.codanet.nn.testing.OperationContract} first.
 */
package org.codanet.nn.testing;
