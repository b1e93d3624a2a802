'use strict';
// Swagger UI is dark by a class of the page, which follows the system, or what was chosen in the header; never on paper.
{
    const system = matchMedia('(prefers-color-scheme: dark)');
    const paper = matchMedia('print');
    const follow = () => {
        const {classList, dataset} = document.documentElement;
        const isDark = dataset.theme === 'dark' || (dataset.theme !== 'light' && system.matches);
        classList.toggle('dark-mode', isDark && !paper.matches);
    };
    for (const query of [system, paper]) query.addEventListener('change', follow);
    new MutationObserver(follow).observe(document.documentElement, {attributeFilter: ['data-theme']});
    follow();
}
// Swagger UI takes the fragment of an address for one of its operations: the link past the header moves the focus itself.
addEventListener('click', (event) => {
    if (!event.target.matches('.skip-to-content-link')) return;
    event.preventDefault();
    document.querySelector(event.target.hash).focus();
});
