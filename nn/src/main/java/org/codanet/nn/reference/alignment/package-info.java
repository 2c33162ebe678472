/**
 * Dynamic alignment on the reference device: the formulas of {@link org.codanet.nn.op.alignment} as plain loops in double precision, with
 * every dynamic weight formed. Other devices are tested against it. Start with {@link
 * org.codanet.nn.reference.alignment.DynamicWeights}.
 */
package org.codanet.nn.reference.alignment;
