/** The operations of the reference device except dynamic alignment: plain loops in double precision. */
package org.codanet.nn.reference.op;
