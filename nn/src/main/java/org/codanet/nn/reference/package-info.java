/**
 * The device that every other one is held against: plain loops over double values, written after the formulas and never
 * tuned. Read {@link org.codanet.nn.reference.alignment.ReferenceDynamicAlignment} first. Nothing here is fast, or meant to be.
 */
package org.codanet.nn.reference;
