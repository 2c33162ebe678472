/** Strict reading of small JSON objects: duplicate names, unknown names and values of another type are errors. Not exported. */
package org.codanet.json;
