/**
 * The reference device, which every other device is tested against. Read {@link org.codanet.nn.reference.ReferenceDevice} first. Its
 * operations are in {@code reference.op} and {@code reference.alignment}.
 */
package org.codanet.nn.reference;
