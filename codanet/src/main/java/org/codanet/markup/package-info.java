/** Text and numbers in the form that HTML, XML and SVG files need. Not exported. */
package org.codanet.markup;
