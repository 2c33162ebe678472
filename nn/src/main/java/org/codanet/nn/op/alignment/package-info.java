/** The dynamic alignment operation: its interface, its shape, its norms and its derivation. */
package org.codanet.nn.op.alignment;
