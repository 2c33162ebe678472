/** The operations that a device offers: one interface and one shape record each, and the enumerations they share. */
package org.codanet.nn.op;
