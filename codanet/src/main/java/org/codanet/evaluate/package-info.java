/** Evaluation of a network on a labelled data set. */
package org.codanet.evaluate;
