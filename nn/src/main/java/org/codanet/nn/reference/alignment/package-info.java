/** Dynamic alignment on the reference device: the formulas of {@link org.codanet.nn.op.alignment} as plain loops in double precision. */
package org.codanet.nn.reference.alignment;
