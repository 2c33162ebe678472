/** Reads data sets of several file formats. Start with {@link org.codanet.data.dataset.Datasets}. */
package org.codanet.data.dataset;
