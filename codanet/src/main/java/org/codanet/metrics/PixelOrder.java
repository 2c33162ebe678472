package org.codanet.metrics;

import java.util.stream.IntStream;

/** The order in which a map's pixels are removed. */
final class PixelOrder {
    /** Partitions of at most this many entries are sorted by insertion. */
    private static final int SMALL = 16;

    private PixelOrder() {}

    /**
     * Indices of the values in ascending order, or in descending order if the most important are removed first. Equal values are ordered by
     * index. In the original protocol their order is that of NumPy's {@code argsort}, reversed for a descending order.
     */
    static int[] of(float[] importance, Removal removal, Protocol protocol) {
        boolean descending = removal == Removal.MOST_IMPORTANT_FIRST;
        if (protocol == Protocol.ORIGINAL) {
            int[] order = introsort(importance);
            return descending ? reversed(order) : order;
        }
        return IntStream.range(0, importance.length)
                .boxed()
                .sorted((i, j) -> descending
                        ? Float.compare(importance[j] + 0f, importance[i] + 0f)
                        : Float.compare(importance[i] + 0f, importance[j] + 0f))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static int[] reversed(int[] order) {
        return IntStream.range(0, order.length)
                .map(i -> order[order.length - 1 - i])
                .toArray();
    }

    /**
     * Indices in ascending order of their values, as {@code numpy.argsort} computes them without vector instructions: quicksort with
     * the median of three, insertion sort for small partitions, heap sort if the recursion becomes too deep. The sort is not stable, so the
     * order of equal values depends on the exact steps.
     */
    static int[] introsort(float[] v) {
        int[] t = IntStream.range(0, v.length).toArray();
        if (v.length < 2) {
            return t;
        }
        sort(v, t, 0, v.length - 1, 2 * (31 - Integer.numberOfLeadingZeros(v.length)));
        return t;
    }

    private static void sort(float[] v, int[] t, int first, int last, int depth) {
        int left = first;
        int right = last;
        int remaining = depth;
        while (right - left + 1 > SMALL) {
            if (remaining < 0) {
                heapSort(v, t, left, right - left + 1);
                return;
            }
            int split = partition(v, t, left, right);
            remaining--;
            // NumPy pushes the larger partition on a stack and continues with the smaller one. The partitions do not
            // overlap, so they can
            // be sorted in any order.
            if (split - left < right - split) {
                sort(v, t, split + 1, right, remaining);
                right = split - 1;
            } else {
                sort(v, t, left, split - 1, remaining);
                left = split + 1;
            }
        }
        insertionSort(v, t, left, right);
    }

    private static int partition(float[] v, int[] t, int left, int right) {
        int middle = left + (right - left >> 1);
        swapIfLess(v, t, middle, left);
        swapIfLess(v, t, right, middle);
        swapIfLess(v, t, middle, left);
        float pivot = v[t[middle]];
        int i = left;
        int j = right - 1;
        swap(t, middle, j);
        while (true) {
            do {
                i++;
            } while (v[t[i]] < pivot);
            do {
                j--;
            } while (pivot < v[t[j]]);
            if (i >= j) {
                break;
            }
            swap(t, i, j);
        }
        swap(t, i, right - 1);
        return i;
    }

    private static void insertionSort(float[] v, int[] t, int left, int right) {
        for (int i = left + 1; i <= right; i++) {
            int moved = t[i];
            int j = i;
            while (j > left && v[moved] < v[t[j - 1]]) {
                t[j] = t[j - 1];
                j--;
            }
            t[j] = moved;
        }
    }

    private static void heapSort(float[] v, int[] t, int first, int count) {
        for (int root = count / 2; root >= 1; root--) {
            siftDown(v, t, first, root, count);
        }
        for (int size = count; size > 1; size--) {
            swap(t, first, first + size - 1);
            siftDown(v, t, first, 1, size - 1);
        }
    }

    private static void siftDown(float[] v, int[] t, int first, int root, int count) {
        int moved = t[first + root - 1];
        int i = root;
        for (int j = 2 * i; j <= count; j = 2 * i) {
            if (j < count && v[t[first + j - 1]] < v[t[first + j]]) {
                j++;
            }
            if (!(v[moved] < v[t[first + j - 1]])) {
                break;
            }
            t[first + i - 1] = t[first + j - 1];
            i = j;
        }
        t[first + i - 1] = moved;
    }

    private static void swapIfLess(float[] v, int[] t, int one, int other) {
        if (v[t[one]] < v[t[other]]) {
            swap(t, one, other);
        }
    }

    private static void swap(int[] t, int i, int j) {
        int swapped = t[i];
        t[i] = t[j];
        t[j] = swapped;
    }
}
