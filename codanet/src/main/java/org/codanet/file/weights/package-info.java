/** Files of weights in any of the formats that this program reads. */
package org.codanet.file.weights;
