/**
 * The operations of the reference device except dynamic alignment, as plain loops in double precision. Read {@link
 * org.codanet.nn.reference.op.ReferenceConvolution} first. Every class follows the documentation of its interface in {@code
 * org.codanet.nn.op} line by line; speed does not matter here.
 */
package org.codanet.nn.reference.op;
