package org.codanet.comparison;

import org.codanet.attribution.AttributionMethod;

/** A metric on some images, row by row. */
interface Measurement {
    /** {@return the number of rows} */
    int count();

    /** {@return the values of a row} @param number from 0 to {@link #count} - 1 */
    double[] row(AttributionMethod method, int number);
}
